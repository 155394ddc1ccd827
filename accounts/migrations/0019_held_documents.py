import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0018_consent_warned"),
    ]

    operations = [
        migrations.AlterField(
            model_name="rightdocument",
            name="organisation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="right_documents",
                to="accounts.organisation",
            ),
        ),
    ]
