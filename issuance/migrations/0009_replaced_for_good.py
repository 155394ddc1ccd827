from django.db import migrations

# What a reissue replaces is part of what was approved, as the other columns are.
FORWARD = """
CREATE TRIGGER issuance_prepared_replaces BEFORE UPDATE ON issuance_preparedcertificate
    FOR EACH ROW WHEN (OLD.replaces IS DISTINCT FROM NEW.replaces)
    EXECUTE FUNCTION issuance_refuse();
"""
BACKWARD = "DROP TRIGGER issuance_prepared_replaces ON issuance_preparedcertificate;"


class Migration(migrations.Migration):
    dependencies = [("issuance", "0008_ocsp_responder")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
