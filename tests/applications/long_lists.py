"""Many orders at once, for lists that are long: copies of one that the services made."""

from typing import Any
from uuid import UUID

from django.db import connection

from applications.models import Application
from issuance.models import Certificate

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


def certified(order: Application, times: int) -> Certificate:
    """Insert copies of a delivered order, of units not in the register; return the last's."""
    certificate, host = Certificate.objects.get(reference=order.pk), order.host_names.all()[0]
    attempt, first = certificate.prepared, Application.objects.count()
    for each in range(first, first + times):
        order.pk, order.number = None, f"SV-2026-9{each:05}"
        order.record_oid = f"1.2.246.10.99000018.10.9{each:05}"
        order.save(force_insert=True)
        host.pk, host.application, host.name = None, order, f"palvelin{each}.apteekki.example"
        host.save(force_insert=True)
        attempt.pk, attempt.reference, attempt.serial = None, order.pk, f"{each:040X}"
        attempt.save(force_insert=True)
        certificate.pk, certificate.prepared, certificate.reference = None, attempt, order.pk
        certificate.sha256, certificate.serial = f"{each:064x}", f"{each:040X}"
        certificate.save(force_insert=True)
    return certificate


_OTHERS = """
WITH attempts AS (
    INSERT INTO issuance_preparedcertificate
    SELECT made.* FROM issuance_preparedcertificate given, generate_series(1, %(times)s) AS nth,
        LATERAL jsonb_populate_record(given, jsonb_build_object(
            'id', 1000000 + nth, 'reference', gen_random_uuid(), 'serial', 'F' || nth
        )) AS made
    WHERE given.id = %(attempt)s
    RETURNING id, reference, serial
)
INSERT INTO issuance_certificate
SELECT made.* FROM issuance_certificate given, attempts,
    LATERAL jsonb_populate_record(given, jsonb_build_object(
        'id', attempts.id, 'prepared_id', attempts.id, 'reference', attempts.reference,
        'serial', attempts.serial, 'sha256', md5(attempts.serial), 'organisation_id', %(owner)s
    )) AS made
WHERE given.prepared_id = %(attempt)s
"""


def certified_for(owner: UUID, certificate: Certificate, times: int) -> None:
    """Insert so many certificates of another organisation, without their orders."""
    given: dict[str, Any] = {"owner": str(owner), "times": times}
    given["attempt"] = certificate.prepared_id
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, given)
        cursor.execute("ANALYZE issuance_certificate")
