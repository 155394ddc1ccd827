"""What orders are found by: the table, the function that fills it, and what calls it."""

import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# The same as `accounts.register.lookup.folding.fold`, but that words stand as they are.
FOLDED = r"""
CREATE OR REPLACE FUNCTION applications_folded(given text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(replace(replace(replace(translate(
        regexp_replace(normalize(given, NFKD), '[\u0300-\u036f\u00ad\u200b-\u200f]', '', 'g'),
        'øØđĐłŁŋŊŧŦÆŒ', 'oOdDlLnNtTæœ'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss'))
$$;
"""
# Of each term the whole without spaces and signs; of names each word, and its ends of four letters
# or more, since Finnish words are compounds. Nothing is written for an order that reads as before.
INDEX = r"""
CREATE OR REPLACE FUNCTION applications_index_orders(wanted uuid[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
-- Whoever enters one of these orders now ends first; what follows reads what they wrote.
PERFORM FROM applications_searchentry WHERE application_id = ANY(wanted)
ORDER BY application_id FOR UPDATE;
WITH term AS MATERIALIZED (
    SELECT a.id, t.kind, t.value, applications_folded(t.value) AS folded
    FROM applications_application a
    JOIN accounts_organisation o ON o.id = a.organisation_id
    JOIN accounts_person p ON p.id = a.created_by_id
    LEFT JOIN applications_submission s ON s.id = a.submission_id
    LEFT JOIN accounts_person sender ON sender.id = s.person_id
    LEFT JOIN applications_csr c ON c.id = a.csr_id
    CROSS JOIN LATERAL (
        VALUES ('number', a.number), ('organisation', o.name),
            ('organisation', a.technical_organisation),
            ('unit', a.unit_spelling), ('unit', a.unit_chosen), ('system', a.system_name),
            ('oid', a.record_oid), ('oid', a.system_oid), ('email', a.mailbox),
            ('email', a.certified_email), ('email', a.contact_email), ('email', a.technical_email),
            ('email', a.deputy_email), ('person', a.contact_name), ('person', a.technical_name),
            ('person', a.deputy_name), ('key', c.spki_sha256),
            ('person', CASE WHEN a.erased_at IS NULL THEN p.given_name || ' ' || p.family_name END),
            ('email', CASE WHEN a.erased_at IS NULL THEN p.email END),
            ('person', CASE WHEN a.erased_at IS NULL
                THEN sender.given_name || ' ' || sender.family_name END)
        UNION SELECT 'business_id', code FROM accounts_businessid WHERE organisation_id = o.id
        UNION SELECT 'host', name FROM applications_hostname WHERE application_id = a.id
        UNION SELECT 'unit', long_name FROM register_registerrecord r
            WHERE r.kind = a.record_kind AND r.oid = a.record_oid AND r.known_to IS NULL
        UNION SELECT 'unit', long_name FROM register_registerrecord r
            WHERE r.kind = a.record_kind AND r.oid = a.record_oid AND r.known_to IS NOT NULL
        UNION SELECT 'serial', serial FROM issuance_preparedcertificate WHERE reference = a.id
        UNION SELECT 'fingerprint', sha256 FROM issuance_certificate WHERE reference = a.id
    ) AS t (kind, value)
    WHERE a.id = ANY(wanted) AND t.value <> ''
), word AS (
    SELECT id, left(regexp_replace(folded, '[^[:alnum:]]+', '', 'g'), 100) AS lexeme FROM term
    UNION
    SELECT id, substr(word, start) FROM term,
        LATERAL regexp_split_to_table(folded, '[^[:alnum:]]+') AS split (word),
        LATERAL generate_series(1, CASE WHEN kind IN ('organisation', 'unit', 'system', 'host')
            THEN greatest(1, least(length(word) - 3, 30)) ELSE 1 END) AS start
    WHERE kind IN ('organisation', 'unit', 'system', 'host', 'person', 'email')
        AND length(word) BETWEEN 1 AND 100
    UNION SELECT id, ltrim(split_part(folded, '-', 3), '0') FROM term WHERE kind = 'number'
), entry AS (
    SELECT id, array_to_tsvector(array_agg(lexeme)) AS words FROM word
    WHERE lexeme <> '' GROUP BY id
)
INSERT INTO applications_searchentry AS kept (application_id, terms, words)
SELECT entry.id, told.terms, entry.words
FROM entry JOIN (
    SELECT id, jsonb_agg(DISTINCT jsonb_build_array(kind, value)) AS terms FROM term GROUP BY id
) AS told USING (id)
ORDER BY entry.id
ON CONFLICT (application_id) DO UPDATE SET terms = EXCLUDED.terms, words = EXCLUDED.words
WHERE (kept.terms, kept.words) IS DISTINCT FROM (EXCLUDED.terms, EXCLUDED.words);
END $$;
"""
COLUMNS = [
    *["number", "organisation_id", "created_by_id", "record_kind", "record_oid"],
    *["system_name", "system_oid", "certified_email", "unit_spelling", "unit_chosen"],
    *["contact_name", "contact_email", "mailbox", "technical_name", "technical_email"],
    *["technical_organisation", "deputy_name", "deputy_email", "csr_id", "submission_id"],
    *["erased_at"],
]
# The certificate is read when the order says that there is one.
OLD, NEW = (
    ", ".join([*(f"{row}.{name}" for name in COLUMNS), f"{row}.status IN ('issued', 'delivered')"])
    for row in ("OLD", "NEW")
)
# The accounts of the processes write orders, and not what these are found by: the functions run as
# their owner (docs/decisions/database-roles.md). So the version before needs no new right.
RUNS = """
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
""".strip()
CALLS = (
    """
CREATE OR REPLACE FUNCTION applications_order_changed() @runs
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM applications_searchentry WHERE application_id = OLD.id;
    ELSE
        PERFORM applications_index_orders(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION applications_hosts_changed() @runs
BEGIN
    PERFORM applications_index_orders(ARRAY(SELECT DISTINCT application_id FROM changed));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION applications_party_changed() @runs
DECLARE wanted uuid[];
BEGIN
    wanted := CASE TG_TABLE_NAME
        WHEN 'accounts_organisation' THEN
            ARRAY(SELECT id FROM applications_application WHERE organisation_id = NEW.id)
        ELSE ARRAY(SELECT id FROM applications_application WHERE created_by_id = NEW.id
            UNION SELECT application_id FROM applications_submission WHERE person_id = NEW.id)
        END;
    PERFORM applications_index_orders(wanted);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION applications_code_changed() @runs
BEGIN
    PERFORM applications_index_orders(
        ARRAY(SELECT id FROM applications_application WHERE organisation_id = NEW.organisation_id));
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION applications_units_changed() @runs
BEGIN
    PERFORM applications_index_orders(ARRAY(
        SELECT DISTINCT a.id FROM changed
        JOIN applications_application a
            ON (a.record_kind, a.record_oid) = (changed.kind, changed.oid)));
    RETURN NULL;
END $$;
CREATE TRIGGER search_begun AFTER INSERT OR DELETE ON applications_application
    FOR EACH ROW EXECUTE FUNCTION applications_order_changed();
CREATE TRIGGER search_changed AFTER UPDATE ON applications_application
    FOR EACH ROW WHEN (ROW(@old) IS DISTINCT FROM ROW(@new))
    EXECUTE FUNCTION applications_order_changed();
CREATE TRIGGER search_named AFTER INSERT ON applications_hostname
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION applications_hosts_changed();
CREATE TRIGGER search_unnamed AFTER DELETE ON applications_hostname
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION applications_hosts_changed();
CREATE TRIGGER search_renamed AFTER UPDATE ON accounts_organisation
    FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name)
    EXECUTE FUNCTION applications_party_changed();
CREATE TRIGGER search_renamed AFTER UPDATE ON accounts_person
    FOR EACH ROW WHEN ((OLD.given_name, OLD.family_name, OLD.email)
        IS DISTINCT FROM (NEW.given_name, NEW.family_name, NEW.email))
    EXECUTE FUNCTION applications_party_changed();
CREATE TRIGGER search_coded AFTER INSERT OR UPDATE ON accounts_businessid
    FOR EACH ROW EXECUTE FUNCTION applications_code_changed();
CREATE TRIGGER search_named AFTER INSERT ON register_registerrecord
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
    EXECUTE FUNCTION applications_units_changed();
""".replace("@runs", RUNS)
    .replace("@old", OLD)
    .replace("@new", NEW)
)
NO_CALLS = """
DROP FUNCTION applications_order_changed() CASCADE;
DROP FUNCTION applications_hosts_changed() CASCADE;
DROP FUNCTION applications_party_changed() CASCADE;
DROP FUNCTION applications_code_changed() CASCADE;
DROP FUNCTION applications_units_changed() CASCADE;
DROP FUNCTION applications_index_orders(uuid[]);
DROP FUNCTION applications_folded(text);
"""


class Migration(migrations.Migration):
    contracts = "the triggers change no row that the version before knows, and refuse nothing"

    dependencies = [
        ("applications", "0025_domains"),
        ("accounts", "0014_auditor"),
        ("register", "0002_accepted_runs"),
        ("issuance", "0022_certificate_of_ca"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "application",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="applications.application",
                    ),
                ),
                ("terms", models.JSONField(default=list)),
                ("words", django.contrib.postgres.search.SearchVectorField()),
            ],
        ),
        migrations.RunSQL([FOLDED, INDEX, CALLS], NO_CALLS),
    ]
