"""The entries that the last CRL of their CA lacks; made without a lock."""

from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("issuance", "0025_listed")]

    operations = [
        AddIndexAgain(
            "certificate",
            models.Index(
                models.F("issuing_ca"),
                models.Case(
                    models.When(
                        ~models.Q(listed=models.Func("crl_entry", function="sha256")),
                        state="revoked",
                        then="not_after",
                    )
                ),
                name="certificate_unlisted",
            ),
        ),
        # Without statistics of the expression, the whole table would be read at each publication.
        migrations.RunSQL("ANALYZE issuance_certificate", migrations.RunSQL.noop),
    ]
