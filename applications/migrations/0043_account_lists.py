"""Indexes for accounts with many orders, and of host names; made without a lock."""

import django.db.models.deletion
from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain, DropKeyIndex

OPEN_CASES = [
    *["awaiting_csr", "names_proposed", "checking", "in_review", "info_requested"],
    *["approved", "issued"],
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0018_consent_warned"),
        ("applications", "0042_documents_wanted"),
    ]

    operations = [
        AddIndexAgain(
            "application",
            models.Index(
                fields=["organisation", "status"], include=["id"], name="application_of_account"
            ),
        ),
        AddIndexAgain(
            "application",
            models.Index(
                fields=["organisation", "due_on", "submitted_at", "id"],
                condition=models.Q(status__in=OPEN_CASES),
                name="application_account_open",
            ),
        ),
        AddIndexAgain(
            "application",
            models.Index(
                fields=["organisation", "-submitted_at"],
                condition=models.Q(submitted_at__isnull=False),
                name="application_account_submitted",
            ),
        ),
        AddIndexAgain("hostname", models.Index(fields=["name"], name="host_name_orders")),
        # The indexes above begin with the organisation.
        DropKeyIndex(
            "application",
            "organisation",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="applications",
                to="accounts.organisation",
            ),
        ),
    ]
