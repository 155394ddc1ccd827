"""The last certificate of a CA, and the keys of those in force; made without a lock."""

from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("issuance", "0021_ceremony_records"),
    ]

    operations = [
        AddIndexAgain(
            "certificate",
            models.Index(fields=["issuing_ca", "not_after"], name="certificate_of_ca"),
        ),
        AddIndexAgain(
            "certificate",
            models.Index(
                fields=["spki_sha256"],
                include=["not_after"],
                condition=models.Q(state="issued"),
                name="certificate_key_standing",
            ),
        ),
    ]
