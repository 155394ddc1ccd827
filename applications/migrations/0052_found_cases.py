"""The queue finds the open cases in which the checks found something by a rule."""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q

OPEN = [
    *["awaiting_csr", "names_proposed", "checking"],
    *["in_review", "info_requested", "approved", "issued"],
]


class Migration(migrations.Migration):
    dependencies = [("applications", "0051_search_frequent_words")]

    operations = [
        migrations.AddIndex(
            "application",
            GinIndex(
                fields=["findings"],
                opclasses=["jsonb_path_ops"],
                name="application_found",
                condition=Q(status__in=OPEN),
            ),
        )
    ]
