from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0016_supplier_consents"),
    ]

    operations = [
        migrations.AlterField(
            model_name="staffrole",
            name="kind",
            field=models.CharField(
                choices=[("reviewer", "Reviewer"), ("auditor", "Auditor"), ("lead", "Lead")],
                max_length=20,
            ),
        ),
    ]
