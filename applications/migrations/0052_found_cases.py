"""The queue finds the open cases in which the checks found something by a rule.

The index is made without a lock.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q

from certportal.foundation.database.indexes import AddIndexAgain

OPEN = [
    *["awaiting_csr", "names_proposed", "checking"],
    *["in_review", "info_requested", "approved", "issued"],
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("applications", "0051_search_frequent_words")]

    operations = [
        AddIndexAgain(
            "application",
            GinIndex(
                fields=["findings"],
                opclasses=["jsonb_path_ops"],
                name="application_found",
                condition=Q(status__in=OPEN),
            ),
        )
    ]
