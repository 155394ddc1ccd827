from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0016_one_signer")]
    operations = [migrations.AddField("approval", "assertion", models.JSONField(null=True))]
