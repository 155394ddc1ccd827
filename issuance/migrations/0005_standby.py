from django.db import migrations, models

STATES = ["standby", "active", "retired", "revoked"]
# The row of the CA stays as it is until the attempt is marked, so that a generation that takes over
# at the same moment waits, or is waited for.
FORWARD = """
CREATE FUNCTION issuance_only_active_sign() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM issuance_issuingca WHERE id = NEW.issuing_ca_id AND state = 'active' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the issuing CA is not active'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER issuance_prepared_only_active_sign BEFORE UPDATE ON issuance_preparedcertificate
    FOR EACH ROW WHEN (OLD.state <> 'signing' AND NEW.state = 'signing')
    EXECUTE FUNCTION issuance_only_active_sign();
"""
BACKWARD = """
DROP TRIGGER issuance_prepared_only_active_sign ON issuance_preparedcertificate;
DROP FUNCTION issuance_only_active_sign();
"""


class Migration(migrations.Migration):
    dependencies = [("issuance", "0004_approval_rests_on_record")]
    operations = [
        migrations.RemoveConstraint("issuingca", "issuingca_known_values"),
        migrations.AlterField(
            "issuingca",
            "state",
            models.CharField(
                choices=[(state, state.capitalize()) for state in STATES],
                default="active",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            "issuingca",
            models.CheckConstraint(
                condition=models.Q(
                    ("environment__in", ["production", "test"]),
                    ("branch__in", ["rsa", "ec"]),
                    ("state__in", STATES),
                ),
                name="issuingca_known_values",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
