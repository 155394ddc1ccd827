from django.db import migrations


class Migration(migrations.Migration):
    """The code and its proof are about the certified address, not about `mailbox`."""

    dependencies = [("applications", "0015_package_to_person")]
    operations = [
        migrations.RenameField("application", "mailbox_code", "certified_email_code"),
        migrations.RenameField("application", "mailbox_code_until", "certified_email_code_until"),
        migrations.RenameField("application", "mailbox_code_tries", "certified_email_code_tries"),
        migrations.RenameField("application", "mailbox_proved_at", "certified_email_proved_at"),
    ]
