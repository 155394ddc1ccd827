from django.db import migrations

FORWARD = """
CREATE FUNCTION issuance_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME;
END $$;

CREATE TRIGGER issuance_approval_insert_only BEFORE UPDATE OR DELETE ON issuance_approval
    FOR EACH ROW EXECUTE FUNCTION issuance_refuse();

CREATE TRIGGER issuance_certificate_kept BEFORE DELETE ON issuance_certificate
    FOR EACH ROW EXECUTE FUNCTION issuance_refuse();
CREATE TRIGGER issuance_certificate_unchanged BEFORE UPDATE ON issuance_certificate
    FOR EACH ROW WHEN (
        (OLD.prepared_id, OLD.reference, OLD.issuing_ca_id, OLD.organisation_id, OLD.environment,
         OLD.profile_id, OLD.profile_version, OLD.serial, OLD.spki_sha256, OLD.der, OLD.sha256,
         OLD.not_before, OLD.not_after, OLD.issued_at)
        IS DISTINCT FROM
        (NEW.prepared_id, NEW.reference, NEW.issuing_ca_id, NEW.organisation_id, NEW.environment,
         NEW.profile_id, NEW.profile_version, NEW.serial, NEW.spki_sha256, NEW.der, NEW.sha256,
         NEW.not_before, NEW.not_after, NEW.issued_at)
        OR (OLD.state = 'revoked' AND (
            NEW.state <> 'revoked' OR NEW.revoked_at <> OLD.revoked_at
            OR (NEW.revocation_reason <> OLD.revocation_reason
                AND NEW.revocation_reason <> 'key_compromise')))
    ) EXECUTE FUNCTION issuance_refuse();

CREATE TRIGGER issuance_prepared_kept BEFORE DELETE ON issuance_preparedcertificate
    FOR EACH ROW EXECUTE FUNCTION issuance_refuse();
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
            ('prepared', 'void'), ('prepared', 'signing'), ('signing', 'issued')))
    ) EXECUTE FUNCTION issuance_refuse();
"""
BACKWARD = """
DROP TRIGGER issuance_prepared_unchanged ON issuance_preparedcertificate;
DROP TRIGGER issuance_prepared_kept ON issuance_preparedcertificate;
DROP TRIGGER issuance_certificate_unchanged ON issuance_certificate;
DROP TRIGGER issuance_certificate_kept ON issuance_certificate;
DROP TRIGGER issuance_approval_insert_only ON issuance_approval;
DROP FUNCTION issuance_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("issuance", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
