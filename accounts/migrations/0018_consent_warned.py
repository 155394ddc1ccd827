from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0017_lead"),
    ]

    operations = [
        migrations.AddField(
            model_name="supplierconsent",
            name="warned_at",
            field=models.DateTimeField(null=True),
        ),
    ]
