"""Which entries the last CRL of a CA has, and which list that is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0024_certificates_in_force")]

    operations = [
        migrations.AddField(
            "certificate", "listed", models.BinaryField(db_default=b"", default=bytes)
        ),
        migrations.AddField(
            "issuingca",
            "crl_base",
            models.CharField(blank=True, db_default="", max_length=64),
        ),
        migrations.AddField(
            "issuingca", "crl_entries", models.PositiveBigIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("issuingca", "crl_compared_at", models.DateTimeField(null=True)),
    ]
