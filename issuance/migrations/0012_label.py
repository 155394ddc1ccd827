from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0011_kept_tables")]
    operations = [
        migrations.AddField(
            model_name="preparedcertificate",
            name="label",
            field=models.CharField(blank=True, default="", max_length=40),
            preserve_default=False,
        ),
    ]
