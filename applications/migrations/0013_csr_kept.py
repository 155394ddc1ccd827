from django.db import migrations

# A request goes with its draft only: of what was sent, those that were replaced are kept as well.
FORWARD = """
CREATE FUNCTION applications_refuse_once_sent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM applications_submission WHERE application_id = OLD.application_id) THEN
        RAISE EXCEPTION '% is kept as it is', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER applications_csr_kept BEFORE DELETE ON applications_csr
    FOR EACH ROW EXECUTE FUNCTION applications_refuse_once_sent();
"""
BACKWARD = """
DROP TRIGGER applications_csr_kept ON applications_csr;
DROP FUNCTION applications_refuse_once_sent();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0012_frozen")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
