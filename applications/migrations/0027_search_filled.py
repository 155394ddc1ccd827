"""Orders that there are already become findable, some hundred at a time; then the index of words.

Others go on working meanwhile: each batch is a transaction of its own. Killed, it goes on where it
was.
"""

import django.contrib.postgres.indexes
from django.db import migrations

from certportal.foundation.database.indexes import AddIndexAgain

BATCH = 500
_NEXT = """
SELECT array_agg(id) FROM (
    SELECT id FROM applications_application a WHERE id > %s AND NOT EXISTS (
        SELECT FROM applications_searchentry WHERE application_id = a.id)
    ORDER BY id LIMIT %s) AS batch
"""
_FIRST = "00000000-0000-0000-0000-000000000000"


def fill(apps, schema_editor):
    """Let the database index all orders that it has not indexed."""
    last = _FIRST
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_NEXT, [last, BATCH])
            (batch,) = cursor.fetchone()
            if not batch:
                return
            cursor.execute("SELECT applications_index_orders(%s)", [batch])
            last = batch[-1]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("applications", "0026_search_entry"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexAgain(
            "searchentry",
            django.contrib.postgres.indexes.GinIndex(
                fields=["words"], name="search_words", fastupdate=False
            ),
        ),
    ]
