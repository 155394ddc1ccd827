"""Many orders at once, for lists that are long: copies of one that the services made."""

from django.db import connection

from applications.models import Application

_COPIES = """
INSERT INTO applications_application
SELECT made.* FROM applications_application one, generate_series(%s, %s) AS n,
    LATERAL jsonb_populate_record(one, jsonb_build_object(
        'id', gen_random_uuid(),
        'number', left(one.number, 13) || '-' || lpad(n::text, 5, '0'),
        'changed_at', one.changed_at - n %% 7 * interval '1 hour',
        'due_on', CASE WHEN n %% 5 > 0 THEN one.due_on + n %% 4 END
    )) AS made
WHERE one.id = %s
"""


def copy(order: Application, times: int) -> None:
    """Insert copies of the order; a fifth has no promised day, and several share each."""
    with connection.cursor() as cursor:
        first = Application.objects.count()
        cursor.execute(_COPIES, [first, first + times - 1, order.pk])
        cursor.execute("ANALYZE applications_application")
