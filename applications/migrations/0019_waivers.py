import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


def _person(**more):
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="accounts.person",
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_founders_and_decisions"),
        ("applications", "0018_kept_papers"),
    ]
    operations = [
        migrations.AddField(
            "application", "system_oid_reason", models.CharField(blank=True, max_length=300)
        ),
        migrations.CreateModel(
            name="Waiver",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("rule", models.CharField(max_length=60)),
                ("params", models.JSONField()),
                ("reason", models.TextField()),
                ("waived_at", models.DateTimeField()),
                ("ends_on", models.DateField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("withdrawn", "Withdrawn"), ("replaced", "Replaced")],
                        max_length=10,
                    ),
                ),
                ("closing_words", models.TextField(blank=True)),
                (
                    "application",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waivers",
                        to="applications.application",
                    ),
                ),
                ("closed_by", _person(null=True)),
                ("confirmed_by", _person(null=True)),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="applications.submission",
                    ),
                ),
                ("waived_by", _person()),
            ],
            options={
                "ordering": ["waived_at", "pk"],
                "indexes": [models.Index(fields=["ends_on"], name="waiver_ends_on")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(closed_at=None),
                        fields=("application", "rule", "params"),
                        name="waiver_open_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(closed_at=None, closed_by=None, outcome="")
                        | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                        name="waiver_closed_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=Q(confirmed_at=None, confirmed_by=None)
                        | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by=F("waived_by"))),
                        name="waiver_confirmed_by_another",
                    ),
                ],
            },
        ),
    ]
