"""The end of a block by two; a block that a list made may be ended, one of before may not."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q
from django.db.models.functions import Now


def person(**more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="accounts.person",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0021_accounts_by_age"),
        ("issuance", "0026_certificate_unlisted"),
    ]

    operations = [
        migrations.AddField(
            "blockedkey", "final_at", models.DateTimeField(db_default=Now(), null=True)
        ),
        migrations.CreateModel(
            "BlockEnding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("spki_sha256", models.CharField(blank=True, max_length=64)),
                ("blocked_at", models.DateTimeField()),
                ("maker", person()),
                ("words", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closer", person(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("confirmed", "Confirmed"), ("dropped", "Dropped")],
                        max_length=10,
                    ),
                ),
                ("closing_words", models.TextField(blank=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(closed_at=None),
                        fields=["blocked_at", "spki_sha256"],
                        name="block_ending_proposed_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(closed_at=None, closer=None, outcome="")
                        | (Q(closed_at__isnull=False, closer__isnull=False) & ~Q(outcome="")),
                        name="block_ending_closed_somehow",
                    ),
                    models.CheckConstraint(
                        condition=~Q(outcome="confirmed") | ~Q(closer=F("maker")),
                        name="block_ending_confirmed_by_another",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            "EndedBlock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("spki_sha256", models.CharField(max_length=64)),
                ("reason", models.CharField(max_length=30)),
                ("created_at", models.DateTimeField()),
                (
                    "ending",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="blocks",
                        to="issuance.blockending",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["spki_sha256", "created_at"], name="block_ended_once"
                    )
                ]
            },
        ),
    ]
