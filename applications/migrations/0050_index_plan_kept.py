"""PostgreSQL plans the statement that indexes orders once in a connection, and not at each call.

Planning it took three times as long as running it, at some ten changes of an order. By default the
plan is made anew, because that of an unknown number of orders is estimated to be dearer; its joins
are the same.
"""

from django.db import migrations

FUNCTION = "ALTER FUNCTION applications_index_orders(uuid[])"


class Migration(migrations.Migration):
    dependencies = [("applications", "0049_ready_reason_words")]
    operations = [
        migrations.RunSQL(
            f"{FUNCTION} SET plan_cache_mode = force_generic_plan",
            f"{FUNCTION} RESET plan_cache_mode",
        ),
    ]
