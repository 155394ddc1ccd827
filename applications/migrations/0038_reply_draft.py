from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0037_bulk_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="informationrequest",
            name="reply_draft",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
