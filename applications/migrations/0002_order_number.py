from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE applications_order_number",
            "DROP SEQUENCE applications_order_number",
        )
    ]
