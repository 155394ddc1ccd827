"""What an order is called that waits for the applicant; the column stays as it is."""

from django.db import migrations, models

STATUSES = [
    ("draft", "Draft"),
    ("awaiting_csr", "Waiting for the CSR"),
    ("names_proposed", "Host names to be confirmed"),
    ("checking", "Being checked"),
    ("in_review", "In review"),
    ("info_requested", "Waiting for the applicant's reply"),
    ("approved", "Approved"),
    ("issued", "Issued"),
    ("delivered", "Delivered"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
    ("lapsed", "Lapsed"),
]


class Migration(migrations.Migration):
    dependencies = [("applications", "0044_csr_by_hash")]

    operations = [
        migrations.AlterField(
            "application",
            "status",
            models.CharField(choices=STATUSES, default="draft", max_length=20),
        ),
    ]
