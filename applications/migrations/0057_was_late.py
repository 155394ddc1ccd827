"""Whether an order was late already when more was asked: no answer keeps a broken promise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0056_search_first_rows")]

    operations = [
        migrations.AddField(
            "application", "was_late", models.BooleanField(db_default=False, default=False)
        ),
    ]
