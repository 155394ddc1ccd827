"""Indexes for searching events; made while events go on being inserted, so without a lock."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform

from certportal.foundation.database.indexes import AddIndexAgain


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("foundation", "0009_mail_rounds"),
    ]

    operations = [
        AddIndexAgain("event", models.Index(fields=["action", "id"], name="event_action")),
        AddIndexAgain(
            "event",
            models.Index(
                fields=["organisation_id", "id"],
                name="event_organisation",
                condition=~models.Q(organisation_id=None),
            ),
        ),
        AddIndexAgain(
            "event",
            models.Index(fields=["id"], name="event_refused", condition=models.Q(refused=True)),
        ),
        AddIndexAgain(
            "event",
            models.Index(
                KeyTextTransform("reference", "data"),
                models.F("id"),
                name="event_reference",
                condition=models.Q(data__has_key="reference"),
            ),
        ),
        AddIndexAgain(
            "event",
            models.Index(
                KeyTextTransform("serial", "data"),
                models.F("id"),
                name="event_serial",
                condition=models.Q(data__has_key="serial"),
            ),
        ),
    ]
