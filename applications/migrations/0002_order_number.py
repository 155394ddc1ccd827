from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE applications_order_number START 42",
            "DROP SEQUENCE applications_order_number",
        )
    ]
