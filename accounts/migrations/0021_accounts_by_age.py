"""Indexes of the reviewers' list of accounts; made without a lock."""

from django.db import migrations, models
from django.db.models import Q

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0020_held_by")]

    operations = [
        AddIndexAgain(
            "organisation",
            models.Index(fields=["-founded_at", "id"], name="organisations_by_age"),
        ),
        AddIndexAgain(
            "membership",
            models.Index(
                fields=["organisation"], condition=Q(basis="unverified"), name="unverified_rights"
            ),
        ),
    ]
