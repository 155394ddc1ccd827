from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_founders_and_decisions")]
    operations = [migrations.AddField("membership", "confirmed_until", models.DateField(null=True))]
