"""What a sender's other orders came to is read from indexes alone; made without a lock."""

import django.db.models.deletion
from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain, DropKeyIndex


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0023_rights_with_a_last_day"),
        ("applications", "0054_queue_counts"),
    ]

    operations = [
        AddIndexAgain(
            "submission",
            models.Index(fields=["person"], include=["id"], name="submissions_of_person"),
        ),
        AddIndexAgain(
            "application",
            models.Index(
                fields=["submission"], include=["id", "status"], name="application_of_submission"
            ),
        ),
        # The indexes above begin with these.
        DropKeyIndex(
            "submission",
            "person",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.person",
            ),
        ),
        DropKeyIndex(
            "application",
            "submission",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="applications.submission",
            ),
        ),
    ]
