"""The queue finds the rights that have ended without reading those of all accounts.

The index is made without a lock.
"""

from django.db import migrations, models
from django.db.models import Q

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("accounts", "0022_former_addresses")]

    operations = [
        AddIndexAgain(
            "membership",
            models.Index(
                fields=["confirmed_until"],
                condition=Q(confirmed_until__isnull=False),
                name="rights_with_a_last_day",
            ),
        ),
    ]
