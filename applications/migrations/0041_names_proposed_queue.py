"""The queue's indexes take in the orders whose host names are to be confirmed; without a lock."""

from datetime import date

import django.db.models.functions.comparison
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain

OPEN_CASES = [
    *("awaiting_csr", "names_proposed", "checking", "in_review"),
    *("info_requested", "approved", "issued"),
]


def in_queue():
    """Return what the queue is ordered by."""
    day = models.Value(date.max)
    return (
        django.db.models.functions.comparison.Coalesce(models.F("due_on"), day),
        models.F("submitted_at"),
        models.F("number"),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("applications", "0040_names_proposed"),
    ]

    operations = [
        RemoveIndexConcurrently("application", "application_open"),
        AddIndexAgain(
            "application",
            models.Index(
                *in_queue(),
                condition=models.Q(status__in=OPEN_CASES),
                name="application_open",
            ),
        ),
        RemoveIndexConcurrently("application", "application_held"),
        AddIndexAgain(
            "application",
            models.Index(
                models.F("reviewer"),
                *in_queue(),
                condition=models.Q(reviewer__isnull=False, status__in=OPEN_CASES),
                name="application_held",
            ),
        ),
    ]
