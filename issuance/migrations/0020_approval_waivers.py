from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0019_proof_lapsed")]
    operations = [migrations.AddField("approval", "waivers", models.JSONField(null=True))]
