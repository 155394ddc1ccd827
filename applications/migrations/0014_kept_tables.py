from importlib import import_module

from django.db import migrations

frozen, kept = (
    import_module(f"applications.migrations.{name}") for name in ("0012_frozen", "0013_csr_kept")
)


class Migration(migrations.Migration):
    """The triggers are made from the models' declarations from now on: foundation.kept_tables."""

    dependencies = [("applications", "0013_csr_kept")]
    operations = [migrations.RunSQL(kept.BACKWARD + frozen.BACKWARD, frozen.FORWARD + kept.FORWARD)]
