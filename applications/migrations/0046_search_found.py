"""The function by which orders are searched: the index of words is read, never the whole table."""

from django.db import migrations

# For few rows the planner would choose a sequential scan, and read all entries where a rare pair of
# frequent words is wanted. Entries are read from the table only until there are enough.
FOUND = """
CREATE OR REPLACE FUNCTION applications_found(query tsquery, most integer) RETURNS SETOF uuid
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    SELECT application_id FROM applications_searchentry WHERE words @@ query LIMIT most
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0045_reply_awaited"),
    ]

    operations = [
        migrations.RunSQL(FOUND, "DROP FUNCTION applications_found(tsquery, integer)"),
    ]
