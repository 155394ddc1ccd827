from django.db import migrations

# Besides those of a CA out of use (0010) and those whose serial is revoked (0016), attempts are
# given up that their approvers prove no longer: a passkey was ended, a role lost, or a version that
# asked for no proof has marked them.
FUNCTION = """
CREATE OR REPLACE FUNCTION issuance_out_of_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM issuance_issuingca
    WHERE id = NEW.issuing_ca_id AND state IN ('retired', 'revoked');
    IF FOUND{more} THEN
        RETURN NEW;
    END IF;
    PERFORM 1 FROM issuance_revokedserial WHERE prepared_id = NEW.id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the issuing CA may still sign'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    contracts = "the function of attempts given up only allows more"
    dependencies = [("issuance", "0018_seal")]
    operations = [
        migrations.RunSQL(
            FUNCTION.format(more=" OR NEW.void_reason = 'approval_not_proved'"),
            FUNCTION.format(more=""),
        )
    ]
