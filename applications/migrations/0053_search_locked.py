"""The function by which entries of the index of searches are locked, in the order of their keys.

Who deletes or changes many orders locks their entries first, as `applications_index_orders` does,
and so never waits for somebody who waits for them: several statements, or the rows of one, would
lock them in another order.
"""

from django.db import migrations

# As the triggers of the index, it runs as its owner: the accounts of the processes may not lock
# rows that they may not write (docs/decisions/database-roles.md).
LOCK = """
CREATE FUNCTION applications_lock_entries(wanted uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
PERFORM FROM applications_searchentry WHERE application_id = ANY(wanted)
ORDER BY application_id FOR UPDATE;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0052_found_cases")]
    operations = [
        migrations.RunSQL(LOCK, "DROP FUNCTION applications_lock_entries(uuid[])"),
    ]
