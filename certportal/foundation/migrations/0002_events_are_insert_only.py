from django.db import migrations

FORWARD = """
CREATE FUNCTION foundation_event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit events are only ever inserted';
END $$;
CREATE TRIGGER foundation_event_insert_only BEFORE UPDATE OR DELETE ON foundation_event
    FOR EACH ROW EXECUTE FUNCTION foundation_event_refuse();
"""
BACKWARD = """
DROP TRIGGER foundation_event_insert_only ON foundation_event;
DROP FUNCTION foundation_event_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
