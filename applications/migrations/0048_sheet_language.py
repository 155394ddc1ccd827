"""The sheet for installing a certificate is kept in each language in which it was asked for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    contracts = (
        "sheets that the previous version adds have no language, so it still adds one for a"
        " certificate; where there are several, it hands out the first"
    )

    dependencies = [
        ("applications", "0047_contact_link_member"),
        ("issuance", "0026_certificate_unlisted"),
    ]

    operations = [
        migrations.AddField(
            model_name="paper",
            name="sheet_language",
            field=models.CharField(blank=True, db_default="", max_length=2),
        ),
        migrations.AlterField(
            model_name="paper",
            name="installing",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="issuance.certificate",
            ),
        ),
        migrations.AddConstraint(
            model_name="paper",
            constraint=models.UniqueConstraint(
                fields=("installing", "sheet_language"), name="paper_sheet_of_one_language"
            ),
        ),
    ]
