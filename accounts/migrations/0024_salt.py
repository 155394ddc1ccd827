"""A random value in each identifier's row, deleted with it."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0023_rights_with_a_last_day")]

    operations = [
        migrations.AddField(
            "identifier", "salt", models.UUIDField(db_default=RandomUUID(), editable=False)
        ),
    ]
