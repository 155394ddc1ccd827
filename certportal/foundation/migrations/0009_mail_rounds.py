from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0008_set_aside"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxitem",
            name="round",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="outboxitem",
            name="sent_to",
            field=models.CharField(blank=True, default="", max_length=16),
            preserve_default=False,
        ),
        # Processes of the version before go on inserting while the new ones start, and name only
        # the columns that they know: docs/operations.md, upgrade.
        migrations.RunSQL(
            """
            ALTER TABLE foundation_outboxitem
                ALTER COLUMN request_id SET DEFAULT '',
                ALTER COLUMN round SET DEFAULT 1,
                ALTER COLUMN sent_to SET DEFAULT ''
            """,
            migrations.RunSQL.noop,
        ),
    ]
