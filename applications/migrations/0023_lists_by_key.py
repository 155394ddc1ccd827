"""Indexes in the order of the queue and of an account's orders; made without a lock."""

from datetime import date

import django.db.models.functions.comparison
from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain

OPEN_CASES = ["awaiting_csr", "checking", "in_review", "info_requested", "approved", "issued"]


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
        ("applications", "0022_revocation_papers"),
    ]

    operations = [
        AddIndexAgain(
            "application",
            models.Index(
                *in_queue(),
                condition=models.Q(status__in=OPEN_CASES),
                name="application_open",
            ),
        ),
        AddIndexAgain(
            "application",
            models.Index(
                models.F("reviewer"),
                *in_queue(),
                condition=models.Q(reviewer__isnull=False, status__in=OPEN_CASES),
                name="application_held",
            ),
        ),
        AddIndexAgain(
            "application",
            models.Index(models.F("status"), *in_queue(), name="application_standing"),
        ),
        AddIndexAgain(
            "application",
            models.Index(
                fields=["organisation", "changed_at", "number"], name="application_account"
            ),
        ),
        RemoveIndexConcurrently("application", "application_status_8bc37c_idx"),
        RemoveIndexConcurrently("application", "application_organis_47ae67_idx"),
    ]
