from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0002_events_are_insert_only")]

    operations = [
        migrations.AddField(
            model_name="outboxitem",
            name="handed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
