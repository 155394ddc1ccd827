from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0008_set_aside"),
    ]

    operations = [
        migrations.AddField(
            model_name="outboxitem",
            name="round",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="outboxitem",
            name="sent_to",
            field=models.CharField(blank=True, default="", max_length=16),
            preserve_default=False,
        ),
    ]
