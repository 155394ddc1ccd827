"""Which blocked keys may have certificates."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("issuance", "0022_certificate_of_ca"),
    ]

    operations = [
        migrations.AddField(
            "blockedkey",
            "may_be_certified",
            models.BooleanField(db_default=True, default=True),
        ),
    ]
