import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    contracts = "the constraint forbids less than the one before, whose documents it leaves alone"

    dependencies = [
        ("applications", "0038_reply_draft"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="request",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="applications.informationrequest",
            ),
        ),
        migrations.AlterField(
            model_name="attachment",
            name="kind",
            field=models.CharField(
                choices=[
                    ("conformity", "Conformity"),
                    ("answer", "Answer"),
                    ("hearing", "Hearing"),
                ],
                max_length=12,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="attachment",
            name="attachment_one_of_a_kind",
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("removed_at", None),
                    models.Q(("kind__in", ["answer", "hearing"]), _negated=True),
                ),
                fields=("application", "kind"),
                name="attachment_one_of_a_kind",
            ),
        ),
    ]
