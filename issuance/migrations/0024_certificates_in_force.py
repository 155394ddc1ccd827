"""Indexes of certificates in force and of keys to look for; made without a lock."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("issuance", "0023_may_be_certified"),
    ]

    operations = [
        AddIndexAgain(
            "blockedkey",
            models.Index(
                fields=["may_be_certified", "spki_sha256"], name="blockedkey_maybe_certified"
            ),
        ),
        AddIndexAgain(
            "certificate",
            models.Index(
                fields=["issuing_ca", "not_after"],
                include=["issued_at"],
                name="certificate_of_authority",
            ),
        ),
        AddIndexAgain(
            "certificate",
            models.Index(
                fields=["organisation", "not_after"],
                include=["id", "reference"],
                condition=models.Q(state="issued"),
                name="certificate_of_account",
            ),
        ),
        RemoveIndexConcurrently("certificate", "certificate_of_ca"),
    ]
