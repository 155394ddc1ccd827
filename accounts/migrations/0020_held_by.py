from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0019_held_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="rightdocument",
            name="held_by",
            field=models.CharField(blank=True, db_default="", max_length=80),
        ),
    ]
