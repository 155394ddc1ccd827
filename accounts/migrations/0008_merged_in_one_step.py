from typing import Any

from django.db import migrations
from django.db.models import F


def lead_in_one_step(apps: Any, schema_editor: Any) -> None:
    """Let whoever was merged into somebody merged since lead to the one who stays."""
    person = apps.get_model("accounts", "Person")
    while chained := list(
        person.objects.filter(merged_into__merged_into__isnull=False).annotate(
            onward=F("merged_into__merged_into")
        )
    ):
        for one in chained:
            person.objects.filter(pk=one.pk).update(merged_into=one.onward)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_right_documents")]
    operations = [migrations.RunPython(lead_in_one_step, migrations.RunPython.noop)]
