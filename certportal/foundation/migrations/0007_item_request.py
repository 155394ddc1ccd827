from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0006_kept_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxitem",
            name="request_id",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
    ]
