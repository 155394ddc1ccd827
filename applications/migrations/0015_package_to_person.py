from django.db import migrations, models


class Migration(migrations.Migration):
    """A package may go to an administrator, named by their key."""

    dependencies = [("applications", "0014_kept_tables")]
    operations = [
        migrations.AlterField(
            model_name="package", name="recipient", field=models.CharField(max_length=60)
        ),
    ]
