"""Keys whose tests that take long have found nothing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0027_block_ending")]

    operations = [
        migrations.CreateModel(
            "SoundKey",
            fields=[
                ("spki_sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("rule_set_version", models.CharField(max_length=20)),
            ],
        )
    ]
