"""By what a reviewer saw that somebody may act for an organisation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_invitations")]

    operations = [
        migrations.AddField(
            "membership", "basis_note", models.CharField(blank=True, max_length=300)
        ),
        migrations.AddField("membership", "confirmed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "membership",
            "confirmed_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.person",
            ),
        ),
    ]
