from django.db import migrations

# What was sent, and every request that was uploaded, stands as it was. Only what is personal in
# them, or stands in their bytes, goes when the time of keeping the order is over.
FORWARD = """
CREATE FUNCTION applications_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME;
END $$;

CREATE FUNCTION applications_refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM applications_application
                   WHERE id = OLD.application_id AND erased_at IS NOT NULL) THEN
        RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER applications_submission_kept BEFORE DELETE ON applications_submission
    FOR EACH ROW EXECUTE FUNCTION applications_refuse();
CREATE TRIGGER applications_submission_frozen BEFORE UPDATE ON applications_submission
    FOR EACH ROW WHEN (
        (OLD.application_id, OLD.number, OLD.sha256, OLD.person_id, OLD.language, OLD.at,
         OLD.record_id, OLD.csr_id)
        IS DISTINCT FROM
        (NEW.application_id, NEW.number, NEW.sha256, NEW.person_id, NEW.language, NEW.at,
         NEW.record_id, NEW.csr_id)
    ) EXECUTE FUNCTION applications_refuse();
CREATE TRIGGER applications_submission_content BEFORE UPDATE ON applications_submission
    FOR EACH ROW WHEN (OLD.content IS DISTINCT FROM NEW.content)
    EXECUTE FUNCTION applications_refuse_unless_erased();

CREATE TRIGGER applications_csr_unchanged BEFORE UPDATE ON applications_csr
    FOR EACH ROW WHEN (
        (OLD.application_id, OLD.sha256, OLD.spki_sha256, OLD.rule_set_version, OLD.uploaded_by,
         OLD.uploaded_at)
        IS DISTINCT FROM
        (NEW.application_id, NEW.sha256, NEW.spki_sha256, NEW.rule_set_version, NEW.uploaded_by,
         NEW.uploaded_at)
    ) EXECUTE FUNCTION applications_refuse();
CREATE TRIGGER applications_csr_content BEFORE UPDATE ON applications_csr
    FOR EACH ROW WHEN ((OLD.der, OLD.report) IS DISTINCT FROM (NEW.der, NEW.report))
    EXECUTE FUNCTION applications_refuse_unless_erased();
"""
BACKWARD = """
DROP TRIGGER applications_csr_content ON applications_csr;
DROP TRIGGER applications_csr_unchanged ON applications_csr;
DROP TRIGGER applications_submission_content ON applications_submission;
DROP TRIGGER applications_submission_frozen ON applications_submission;
DROP TRIGGER applications_submission_kept ON applications_submission;
DROP FUNCTION applications_refuse_unless_erased();
DROP FUNCTION applications_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0011_purpose_words")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
