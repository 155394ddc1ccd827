from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0007_item_request"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="outboxitem",
            index=models.Index(
                condition=models.Q(("done_at", None), models.Q(("failed_at", None), _negated=True)),
                fields=["failed_at"],
                name="outbox_set_aside",
            ),
        ),
    ]
