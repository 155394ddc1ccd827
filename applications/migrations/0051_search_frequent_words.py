"""The function that searches orders does not collect all orders with a frequent word.

PostgreSQL collects every order with each word of the index before it compares them: a quarter of a
million for the beginning of a usual host name, whatever the other word. How frequent the typed
words are is counted in a sample of pages, the same each time: the planner's statistics do not know
words that are only begun.
"""

from django.db import migrations

# Reading and comparing a row takes as long as collecting some 14 orders from the index. A row is
# read for each order with the rarest word, until there are enough that have the frequent one too.
# As an operator that no index knows (IS NOT FALSE), the frequent word is compared in the rows.
FOUND = """
CREATE FUNCTION applications_with_words(words tsquery[], most integer) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
DECLARE
    times CONSTANT float := greatest(pg_relation_size('applications_searchentry') / 8192 / 100, 1);
    sample tsvector[];
    rarest tsquery := words[1];
    with_rarest integer;
    word tsquery;
    with_word integer;
    with_both integer;
    rows_read float;
    by_index tsquery;
    by_row tsquery;
BEGIN
    by_index := rarest;
    IF cardinality(words) > 1 THEN
        SELECT array_agg(entry.words) INTO sample
        FROM applications_searchentry AS entry
        TABLESAMPLE SYSTEM (least(100, 100 * 100 * 8192.0 / greatest(
            pg_relation_size('applications_searchentry'), 1))) REPEATABLE (0);
        SELECT each, count(*) FILTER (WHERE entry @@ each) INTO rarest, with_rarest
        FROM unnest(words) AS each LEFT JOIN unnest(sample) AS entry ON true
        GROUP BY each ORDER BY 2 LIMIT 1;
        by_index := rarest;
        FOR word, with_word, with_both IN
            SELECT each, count(*) FILTER (WHERE entry @@ each),
                count(*) FILTER (WHERE entry @@ (each && rarest))
            FROM unnest(words) AS each LEFT JOIN unnest(sample) AS entry ON true
            WHERE each <> rarest GROUP BY each
        LOOP
            rows_read := least(
                times * (with_rarest + 1),
                most * (with_rarest + 1.0) / (with_both + 1)
            );
            IF 14 * rows_read < times * with_word THEN
                by_row := coalesce(by_row && word, word);
            ELSE
                by_index := by_index && word;
            END IF;
        END LOOP;
    END IF;
    RETURN QUERY
        SELECT entry.application_id FROM applications_searchentry AS entry
        WHERE entry.words @@ by_index AND (entry.words @@ by_row) IS NOT FALSE LIMIT most;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0050_index_plan_kept")]
    operations = [
        migrations.RunSQL(FOUND, "DROP FUNCTION applications_with_words(tsquery[], integer)"),
    ]
