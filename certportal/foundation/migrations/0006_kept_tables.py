from importlib import import_module

from django.db import migrations

earlier = import_module("certportal.foundation.migrations.0002_events_are_insert_only")


class Migration(migrations.Migration):
    """The trigger is made from the model's declaration from now on: foundation.kept_tables."""

    dependencies = [("foundation", "0005_event_actor")]
    operations = [migrations.RunSQL(earlier.BACKWARD, earlier.FORWARD)]
