"""Whose link it is stays known when its member has another address."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_held_by"),
        ("applications", "0046_search_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactlink",
            name="member",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
    ]
