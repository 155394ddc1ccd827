import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0034_sheets_and_roles"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="unheard",
            field=models.CharField(
                blank=True,
                choices=[
                    ("unfounded", "Unfounded"),
                    ("harm", "Harm"),
                    ("purpose", "Purpose"),
                    ("unnecessary", "Unnecessary"),
                ],
                db_default="",
                default="",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="unheard_because",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="informationrequest",
            name="is_hearing",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="informationrequest",
            name="material",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="revocationreport",
            name="beside",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reports_beside",
                to="applications.revocationproposal",
            ),
        ),
        migrations.AddField(
            model_name="revocationreport",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
        migrations.AddField(
            model_name="revocationreport",
            name="words",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
