from importlib import import_module

from django.db import migrations

unchanged, responder, replaced, given_up = (
    import_module(f"issuance.migrations.{name}")
    for name in (
        "0002_nothing_signed_changes",
        "0008_ocsp_responder",
        "0009_replaced_for_good",
        "0010_given_up",
    )
)
BACKWARD = (
    replaced.BACKWARD
    + "DROP TRIGGER issuance_ocspresponder_kept ON issuance_ocspresponder;"
    + unchanged.BACKWARD
)
FORWARD = (
    unchanged.FORWARD
    + given_up.FORWARD.format(more=", ('signing', 'void')")
    + f"{responder.KEPT};"
    + replaced.FORWARD
)


class Migration(migrations.Migration):
    """The triggers are made from the models' declarations from now on: foundation.kept_tables.

    The two that ask for the state of the issuing CA stay.
    """

    dependencies = [("issuance", "0010_given_up")]
    operations = [migrations.RunSQL(BACKWARD, FORWARD)]
