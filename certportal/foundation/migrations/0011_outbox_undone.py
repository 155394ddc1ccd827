"""What is not done yet, whatever became of it, for the state of health; made without a lock."""

from django.db import migrations, models

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("foundation", "0010_event_search"),
    ]

    operations = [
        AddIndexAgain(
            "outboxitem",
            models.Index(fields=["queue"], condition=models.Q(done_at=None), name="outbox_undone"),
        ),
    ]
