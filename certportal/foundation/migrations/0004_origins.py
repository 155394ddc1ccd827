import django.db.models.deletion
from django.db import migrations, models

COPY = """
INSERT INTO foundation_eventorigin (event_id, at, address)
SELECT id, at, address FROM foundation_event WHERE address IS NOT NULL
"""


class Migration(migrations.Migration):
    """Addresses leave the log that is only ever added to, for rows that can be erased."""

    dependencies = [("foundation", "0003_handed_at")]

    operations = [
        migrations.CreateModel(
            name="EventOrigin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_index=True)),
                ("address", models.GenericIPAddressField()),
                (
                    "event",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="origin",
                        to="foundation.event",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(COPY, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="event", name="address"),
    ]
