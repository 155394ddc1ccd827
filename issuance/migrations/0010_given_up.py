from django.db import migrations

# A CA that went out of use signs no more: what it had not signed by then is given up. That it had
# not is told by the journal, which the database does not see.
FORWARD = """
DROP TRIGGER issuance_prepared_unchanged ON issuance_preparedcertificate;
CREATE TRIGGER issuance_prepared_unchanged BEFORE UPDATE ON issuance_preparedcertificate
    FOR EACH ROW WHEN (
        (OLD.reference, OLD.attempt, OLD.environment, OLD.profile_id, OLD.profile_version,
         OLD.rule_set_version, OLD.issuing_ca_id, OLD.organisation_id, OLD.serial, OLD.tbs,
         OLD.tbs_sha256, OLD.not_before, OLD.not_after, OLD.spki_sha256, OLD.csr_der,
         OLD.csr_sha256, OLD.submission_sha256, OLD.register_record)
        IS DISTINCT FROM
        (NEW.reference, NEW.attempt, NEW.environment, NEW.profile_id, NEW.profile_version,
         NEW.rule_set_version, NEW.issuing_ca_id, NEW.organisation_id, NEW.serial, NEW.tbs,
         NEW.tbs_sha256, NEW.not_before, NEW.not_after, NEW.spki_sha256, NEW.csr_der,
         NEW.csr_sha256, NEW.submission_sha256, NEW.register_record)
        OR (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
            ('prepared', 'void'), ('prepared', 'signing'), ('signing', 'issued'){more}))
    ) EXECUTE FUNCTION issuance_refuse();
"""
GIVEN_UP = """
CREATE FUNCTION issuance_out_of_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM issuance_issuingca
    WHERE id = NEW.issuing_ca_id AND state IN ('retired', 'revoked');
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the issuing CA may still sign'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER issuance_prepared_given_up BEFORE UPDATE ON issuance_preparedcertificate
    FOR EACH ROW WHEN (OLD.state = 'signing' AND NEW.state = 'void')
    EXECUTE FUNCTION issuance_out_of_use();
"""
BACKWARD = """
DROP TRIGGER issuance_prepared_given_up ON issuance_preparedcertificate;
DROP FUNCTION issuance_out_of_use();
"""


class Migration(migrations.Migration):
    dependencies = [("issuance", "0009_replaced_for_good")]
    operations = [
        migrations.RunSQL(
            FORWARD.format(more=", ('signing', 'void')") + GIVEN_UP,
            FORWARD.format(more="") + BACKWARD,
        )
    ]
