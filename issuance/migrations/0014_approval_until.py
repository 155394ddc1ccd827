from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("issuance", "0013_concerned")]
    operations = [migrations.AddField("approval", "until", models.DateTimeField(null=True))]
