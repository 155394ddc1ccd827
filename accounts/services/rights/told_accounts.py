"""Compares what gives rights in customer accounts with the events about it.

These are memberships, identifiers, mergers and logins of people, business IDs and kinds of
organisations, invitations and consents. Events of earlier versions have no digest of their row; a
row with only such events is compared with them by account, person, role and time.
"""

from collections.abc import Iterable, Iterator

from accounts.event_names import AccountEvent
from accounts.models import Identifier, Membership, Person
from certportal.foundation.database.statements import execute
from certportal.foundation.event_log.logged_events import Told
from certportal.foundation.event_log.verifying import Kind

NAMES = (
    *[AccountEvent.MEMBERSHIP_RECORDED, AccountEvent.MEMBERSHIP_ROLE_CHANGED],
    *[AccountEvent.MEMBERSHIP_RIGHT_CONFIRMED, AccountEvent.MEMBERSHIP_RIGHT_SHOWN],
    *[AccountEvent.MEMBERSHIP_RIGHT_WITHDRAWN, AccountEvent.MEMBERSHIP_ENDED_BY_AUTHORITY],
    *[AccountEvent.MEMBERSHIP_REMOVED, AccountEvent.MEMBERSHIP_LEFT],
    *[AccountEvent.ORGANISATION_FOUNDED, AccountEvent.ORGANISATION_SUCCEEDED],
    *[AccountEvent.ORGANISATION_CLOSED, AccountEvent.ADMINISTRATOR_REQUEST_GRANTED],
    *[AccountEvent.INVITATION_MADE, AccountEvent.INVITATION_ACCEPTED],
    *[AccountEvent.CONSENT_GIVEN, AccountEvent.CONSENT_ENDED, AccountEvent.CONSENT_RESIGNED],
    *[AccountEvent.PERSON_IDENTIFIER_STORED, AccountEvent.PERSON_MERGED],
)
"""The events about the rows; logins of earlier versions are read from the table of events."""

# The newest event of each membership; one of an earlier version has no digest.
_MEMBERSHIPS = """
SELECT DISTINCT ON (about) about, data->>'sha256', data->>'role', whom
FROM told WHERE starts_with(action, 'membership.') ORDER BY about, event DESC
"""
# The memberships that agree with events of earlier versions. These recorded the beginning of a
# right, and its confirmation, by an event of the same account at the same time. The person of the
# event may be another of the same person's rows, since mergers move memberships.
_EARLIER_MEMBERSHIPS = """
SELECT row.id FROM accounts_membership row JOIN accounts_person person ON person.id = row.person_id
WHERE EXISTS (
    SELECT FROM told WHERE organisation = row.organisation_id::text AND at = row.begun_at
    AND (action IN ('administrator_request.granted', 'organisation.succeeded')
        OR action IN ('organisation.founded', 'invitation.accepted') AND actor IN (
            SELECT 'person:' || one.id FROM accounts_person one
            WHERE one.id IN (person.id, person.merged_into_id)
            OR one.merged_into_id IN (person.id, person.merged_into_id))))
AND NOT EXISTS (
    SELECT FROM told WHERE organisation = row.organisation_id::text AND at = row.begun_at
    AND action = 'membership.recorded')
AND (row.basis IN ('unverified', 'invitation')
    OR (row.organisation_id::text, row.confirmed_at) IN (
        SELECT organisation, at FROM told
        WHERE action IN ('membership.right_confirmed', 'membership.right_shown',
            'administrator_request.granted', 'organisation.succeeded')))
"""
_IDENTIFIERS = """
SELECT DISTINCT ON (data->>'identifier') data->>'identifier', data->>'sha256'
FROM told WHERE action = 'person.identifier_stored' ORDER BY data->>'identifier', event DESC
"""
# Earlier versions stored an identifier at the time of the event of the login.
_EARLIER_IDENTIFIERS = """
SELECT row.id FROM accounts_identifier row JOIN accounts_person person ON person.id = row.person_id
WHERE EXISTS (
    SELECT FROM foundation_event told
    WHERE told.action = 'person.identified' AND told.at = row.added_at AND told.object_id IN (
        SELECT one.id::text FROM accounts_person one
        WHERE one.id IN (person.id, person.merged_into_id)
        OR one.merged_into_id IN (person.id, person.merged_into_id)))
AND NOT EXISTS (
    SELECT FROM told WHERE action = 'person.identifier_stored' AND at = row.added_at)
"""
# The user name of a login by identification is the key of the person who identified first.
_LOGINS = """
SELECT false, concat('login ', login.id, ' of person:', login.person_id)
FROM accounts_user login JOIN accounts_person person ON person.id::text = login.username
WHERE login.person_id IS DISTINCT FROM coalesce(person.merged_into_id, person.id)
"""
# Days are those of Finland, as the service counts them.
_BUSINESS_IDS = """
WITH begun AS (
    SELECT organisation AS account, at, data->>'business_id' AS code FROM told
    WHERE action = 'organisation.founded'
  UNION ALL
    SELECT organisation, at, data->>'business_id' FROM told
    WHERE action = 'organisation.succeeded' AND data->>'successor' = organisation
), ended AS (
    SELECT organisation AS account, at FROM told
    WHERE action IN ('organisation.closed', 'organisation.succeeded')
)
SELECT false, concat('business ID ', row.code, ' of organisation ', row.organisation_id)
FROM accounts_businessid row WHERE NOT EXISTS (
    SELECT FROM begun WHERE account = row.organisation_id::text
    AND (at AT TIME ZONE 'Europe/Helsinki')::date = row.valid_from
    AND coalesce(code, row.code) = row.code)
UNION
SELECT false, concat('business ID ', row.code, ' of organisation ', row.organisation_id)
FROM accounts_businessid row WHERE row.valid_to IS NOT NULL AND NOT EXISTS (
    SELECT FROM ended WHERE account = row.organisation_id::text
    AND (at AT TIME ZONE 'Europe/Helsinki')::date = row.valid_to)
UNION ALL
SELECT DISTINCT true, concat('end of the account of organisation ', organisation, ' by ', whom)
FROM told JOIN accounts_businessid row
    ON row.organisation_id::text = organisation AND row.valid_to IS NULL
WHERE action = 'organisation.closed'
"""
_KINDS = """
WITH kinds AS (
    SELECT DISTINCT ON (organisation) organisation AS account, data->>'kind' AS kind
    FROM told WHERE action = 'organisation.founded'
    OR action = 'organisation.succeeded' AND data->>'successor' = organisation
    ORDER BY organisation, event DESC
)
SELECT false, concat('organisation ', row.id, ' (', row.kind, ')')
FROM accounts_organisation row LEFT JOIN kinds ON account = row.id::text
WHERE kinds.account IS NULL OR kinds.kind <> row.kind
"""
_INVITATIONS = """
SELECT false, concat('invitation ', row.id, ' (', row.role, ') to organisation ',
    row.organisation_id, ', by person:', row.made_by_id, ' at ', row.made_at)
FROM accounts_invitation row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'invitation.made' AND about = row.id::text
    AND organisation = row.organisation_id::text AND data->>'role' = row.role AND at = row.made_at)
"""
_CONSENTS = """
SELECT false, concat('consent ', row.id, ' of organisation ', row.customer_id, ' to ',
    row.supplier_id, ' until ', row.until)
FROM accounts_supplierconsent row WHERE NOT EXISTS (
    SELECT FROM told WHERE action = 'supplier_consent.given' AND about = row.id::text
    AND organisation = row.customer_id::text AND data->>'to' = row.supplier_id::text
    AND data->>'until' = row.until::text AND at = row.given_at)
UNION ALL
SELECT DISTINCT true, concat('end of the consent ', about, ' by ', whom)
FROM told JOIN accounts_supplierconsent row ON row.id::text = about AND row.ended_at IS NULL
WHERE action IN ('supplier_consent.ended', 'supplier_consent.resigned')
"""
_COMPARISONS = _LOGINS, _BUSINESS_IDS, _KINDS, _INVITATIONS, _CONSENTS


def differences(told: Iterable[Told]) -> Iterator[tuple[Kind, str]]:
    """Yield each difference: its kind, and in words what, which, who and when, as far as known.

    `told`: the collected events with these names.
    """
    yield from _memberships()
    yield from _identifiers()
    yield from _mergers(told)
    for statement in _COMPARISONS:
        for is_told, about in execute(statement):
            yield (Kind.UNDONE if is_told else Kind.UNTOLD), about


def _memberships() -> Iterator[tuple[Kind, str]]:
    told = {about: rest for about, *rest in execute(_MEMBERSHIPS)}
    earlier = {key for (key,) in execute(_EARLIER_MEMBERSHIPS)}
    for row in Membership.objects.order_by("pk").iterator():
        digest, role, _whom = told.pop(str(row.pk), (None, row.role, ""))
        if not (digest == row.sha256 if digest else row.pk in earlier and role == row.role):
            rights = f"{row.role}, {row.basis}, {'ended' if row.ended_at else 'current'}"
            whose = f"of person:{row.person_id} in organisation {row.organisation_id}"
            yield Kind.UNTOLD, f"membership {row.pk} {whose} ({rights})"
    for about, (_digest, role, whom) in told.items():
        yield Kind.UNDONE, f"membership {about} ({role}), by {whom}"


def _identifiers() -> Iterator[tuple[Kind, str]]:
    """Yield stored identifiers that differ from their event; erased ones have no row to compare."""
    told = dict(execute(_IDENTIFIERS))
    earlier = {key for (key,) in execute(_EARLIER_IDENTIFIERS)}
    for row in Identifier.objects.order_by("pk").iterator():
        digest = told.get(str(row.pk))
        if not (digest == row.sha256 if digest else row.pk in earlier):
            when = f"{row.added_at:%Y-%m-%dT%H:%M:%SZ}"
            yield Kind.UNTOLD, f"identifier {row.pk} of person:{row.person_id}, stored at {when}"


def _mergers(told: Iterable[Told]) -> Iterator[tuple[Kind, str]]:
    into: dict[str, str] = {}
    for event in (each for each in told if each.action == AccountEvent.PERSON_MERGED):
        target = str(event.data.get("into"))
        into = {gone: target if to == event.about else to for gone, to in into.items()}
        into[event.about] = target
    for row in Person.objects.exclude(merged_into=None).order_by("pk"):
        if into.pop(str(row.pk), None) != str(row.merged_into_id):
            yield Kind.UNTOLD, f"merger of person:{row.pk} into person:{row.merged_into_id}"
    for gone, target in into.items():
        yield Kind.UNDONE, f"merger of person:{gone} into person:{target}"
