import json

from django.db import migrations, models

NAMES = ("organisation", "unit")


def move_choices(apps, schema_editor):
    """A reviewer's choice of names stood in the applicant's own columns: take it out of them.

    It is a choice when it was made after the last submission and the applicant has not opened the
    unit since; otherwise the applicant's answer stands where it is until it is sent.
    """
    application = apps.get_model("applications", "Application")
    event = apps.get_model("foundation", "Event")
    for order in application.objects.exclude(submission=None).select_related("submission"):
        sent = json.loads(order.submission.content)
        changed = [n for n in NAMES if getattr(order, f"{n}_spelling") != sent.get(f"{n}_spelling")]
        if not changed:
            continue
        events = event.objects.filter(object_id=str(order.pk), at__gt=order.submission.at)
        chosen = events.filter(action="application.choose_names").order_by("at").last()
        edited = events.filter(action="application.edit", data__section="unit")
        if chosen is None or edited.filter(at__gt=chosen.at).exists():
            continue
        for name in changed:
            setattr(order, f"{name}_chosen", getattr(order, f"{name}_spelling"))
            setattr(order, f"{name}_spelling", sent.get(f"{name}_spelling") or "")
        order.save(
            update_fields=[f"{n}_{kind}" for n in changed for kind in ("chosen", "spelling")]
        )


class Migration(migrations.Migration):
    dependencies = [("applications", "0016_certified_email_proof"), ("foundation", "0001_initial")]
    operations = [
        *(
            migrations.AddField(
                "application", f"{name}_chosen", models.CharField(blank=True, max_length=64)
            )
            for name in NAMES
        ),
        migrations.RunPython(move_choices, migrations.RunPython.noop),
    ]
