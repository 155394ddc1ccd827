"""The index by which a certificate request is found by its hash; made without a lock."""

from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("applications", "0043_account_lists")]

    operations = [AddIndexAgain("csr", models.Index(fields=["sha256"], name="csr_sha256"))]
