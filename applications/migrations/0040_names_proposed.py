from django.db import migrations, models

STATUSES = [
    ("draft", "Draft"),
    ("awaiting_csr", "Waiting for the CSR"),
    ("names_proposed", "Host names to be confirmed"),
    ("checking", "Being checked"),
    ("in_review", "In review"),
    ("info_requested", "More information needed"),
    ("approved", "Approved"),
    ("issued", "Issued"),
    ("delivered", "Delivered"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
    ("lapsed", "Lapsed"),
]


class Migration(migrations.Migration):
    contracts = (
        "every row of the version before, and each that it adds, fits the new constraint too"
    )
    dependencies = [
        ("applications", "0039_hearing_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="application",
            name="names_by",
            field=models.CharField(
                blank=True,
                choices=[
                    ("applicant", "The applicant"),
                    ("technical_contact", "The technical contact"),
                ],
                db_default="",
                default="",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="application",
            name="status",
            field=models.CharField(choices=STATUSES, default="draft", max_length=20),
        ),
        migrations.RemoveConstraint(
            model_name="application",
            name="application_status_known",
        ),
        migrations.AddConstraint(
            model_name="application",
            constraint=models.CheckConstraint(
                condition=models.Q(status__in=[status for status, _label in STATUSES]),
                name="application_status_known",
            ),
        ),
    ]
