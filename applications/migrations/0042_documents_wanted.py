"""The documents that a request for information asks for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0041_names_proposed_queue")]

    operations = [
        migrations.AddField(
            model_name="informationrequest",
            name="wanted",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
