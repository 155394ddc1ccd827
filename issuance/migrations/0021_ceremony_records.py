from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0020_approval_waivers")]

    operations = [
        migrations.CreateModel(
            name="CeremonyRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, unique=True)),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
                ("prepared", models.BinaryField(db_default=b"", default=b"")),
                ("digest", models.CharField(blank=True, db_default="", max_length=96)),
                ("pdf", models.BinaryField(null=True)),
            ],
        ),
    ]
