"""The numbers of the queue's views are counted from indexes alone; made without a lock.

The index of open cases by their findings is for queries about findings only: PostgreSQL read all of
the one before for these numbers, which ask for open cases too.
"""

from datetime import date

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from certportal.foundation.database.indexes import AddIndexAgain

OPEN = [
    *["awaiting_csr", "names_proposed", "checking"],
    *["in_review", "info_requested", "approved", "issued"],
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("applications", "0053_search_locked")]

    operations = [
        RemoveIndexConcurrently("application", "application_found"),
        AddIndexAgain(
            "application",
            GinIndex(
                fields=["findings"],
                opclasses=["jsonb_path_ops"],
                name="application_found",
                condition=Q(status__in=OPEN) & ~Q(findings=[]),
            ),
        ),
        RemoveIndexConcurrently("application", "application_open"),
        AddIndexAgain(
            "application",
            models.Index(
                Coalesce(F("due_on"), Value(date.max)),
                F("submitted_at"),
                F("number"),
                name="application_open",
                include=["status", "reviewer"],
                condition=Q(status__in=OPEN),
            ),
        ),
    ]
