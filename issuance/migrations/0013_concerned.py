import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    """Who has a part in the matter, and how many must approve, as the RA says."""

    dependencies = [("issuance", "0012_label")]
    operations = [
        migrations.AddField(
            model_name="preparedcertificate",
            name="concerned",
            field=django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=80), default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="approval",
            name="persons",
            field=models.PositiveSmallIntegerField(default=1),
        ),
    ]
