from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("applications", "0019_waivers")]
    operations = [migrations.AddField("waiver", "assertion", models.JSONField(null=True))]
