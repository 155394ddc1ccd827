"""Approving: named persons, exact bytes."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts import access
from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from issuance.faults import reach
from issuance.models import Approval, PreparedCertificate
from issuance.services import locks
from issuance.services.errors import (
    NotOpen,
    NotReviewer,
    OtherBytes,
    OwnOrganisation,
    OwnOrganisationLately,
    ReauthenticationTooOld,
)

ROLE = "reviewer"
FRESH = timedelta(minutes=15)
# Whoever left the organisation as lately may have sent the order, or promised it to a colleague.
ESTRANGED = access.ESTRANGED
# Nobody looks at each certificate of a plan of replacements, so one person is never enough for
# any of them; docs/decisions/mass-replacement.md.
FOR_REISSUE = 2
_IDS: Any = object()


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """How many distinct persons have approved, of how many wanted."""

    wanted: int
    given: int

    @property
    def complete(self) -> bool:
        """Whether the certificate may be issued."""
        return self.given >= self.wanted


def approve(
    prepared_id: int,
    *,
    person: Person,
    reauthenticated_at: datetime,
    expected_sha256: str,
    register_record: str = "",
    now: datetime,
) -> ApprovalState:
    """Add the person's approval of the bytes with hash ``expected_sha256``; once only counts.

    ``register_record`` names the version of the register's record that was looked at for it.
    Raises NotOpen, OtherBytes (both Stale), NotReviewer, OwnOrganisation,
    OwnOrganisationLately or ReauthenticationTooOld (all NotAllowed);
    PreparedCertificate.DoesNotExist for an unknown id.
    """
    prepared = PreparedCertificate.objects.get(pk=prepared_id)
    with refusals_on_record(prepared_id, person=person, now=now), transaction.atomic():
        locks.hold(f"issuance:{prepared.reference}")
        prepared = PreparedCertificate.objects.select_for_update().get(pk=prepared_id)
        _check(prepared, person, reauthenticated_at, expected_sha256, now)
        _, created = Approval.objects.get_or_create(
            prepared=prepared,
            person=person,
            defaults={
                "role": ROLE,
                "reauthenticated_at": reauthenticated_at,
                "register_record": register_record,
                "created_at": now,
            },
        )
        state = approval_state(prepared)
        if created:
            actor = Actor("person", str(person.pk))
            _record(prepared, actor, now, given=state.given, wanted=state.wanted)
        reach("approve_before_commit")
    reach("approve_after_commit")
    return state


@contextmanager
def refusals_on_record(prepared_id: int, *, person: Person, now: datetime) -> Iterator[None]:
    """Record what is refused within. Wrap it around the outermost transaction, which rolls back."""
    try:
        yield
    except Refused as refusal:
        prepared = PreparedCertificate.objects.filter(pk=prepared_id).first()
        if prepared is not None:
            actor, reason = Actor("person", str(person.pk)), type(refusal).__name__
            _record(prepared, actor, now, refused=True, reason=reason)
        raise


def approval_state(prepared: PreparedCertificate) -> ApprovalState:
    """Count the approvals that stand now: by reviewers still, none of the organisation lately."""
    return approval_states([prepared])[prepared.pk]


def approval_states(attempts: Iterable[PreparedCertificate]) -> dict[int, ApprovalState]:
    """Count the approvals of many attempts with one query; by their ids."""
    wanted = {each.pk: _wanted(each) for each in attempts}
    statement, parameters = _standing()
    ids = list(wanted)
    with connection.cursor() as cursor:
        cursor.execute(statement, [ids if each is _IDS else each for each in parameters])
        given = Counter(prepared_id for prepared_id, _ in set(cursor.fetchall()))
    return {pk: ApprovalState(wanted=many, given=given[pk]) for pk, many in wanted.items()}


def _wanted(attempt: PreparedCertificate) -> int:
    """How many persons must approve: as the operator set it, and two of what replaces another."""
    by_setting: int = settings.ISSUANCE_APPROVALS[attempt.environment]
    return max(FOR_REISSUE, by_setting) if attempt.replaces else by_setting


@cache
def _standing() -> tuple[str, tuple[Any, ...]]:
    """The approvals that count, as SQL: compiling it takes ten times as long as running it."""
    person, organisation = OuterRef("person"), OuterRef("prepared__organisation_id")
    since = OuterRef("prepared__created_at") - ESTRANGED
    standing = Approval.objects.filter(
        Exists(access.reviewer_roles(person)),
        ~Exists(access.late_memberships(person, organisation, since=since)),
        prepared__in=RawSQL("SELECT unnest(%s::bigint[])", [_IDS]),
    ).values_list("prepared_id", Coalesce("person__merged_into_id", "person_id"))
    return standing.query.sql_with_params()


def approvers(prepared: PreparedCertificate) -> Iterable[Person]:
    """Who has approved, in order."""
    return [each.person for each in prepared.approvals.select_related("person").order_by("pk")]


def _was_of(person: Person, prepared: PreparedCertificate) -> bool:
    """Whether the person belongs to the organisation, or did in the year before preparation."""
    since = prepared.created_at - ESTRANGED
    return access.was_member(person, prepared.organisation_id, since=since)


def _check(
    prepared: PreparedCertificate,
    person: Person,
    reauthenticated_at: datetime,
    expected_sha256: str,
    now: datetime,
) -> None:
    if not access.is_reviewer(person):
        raise NotReviewer
    if access.is_member(person, prepared.organisation_id):
        raise OwnOrganisation
    if _was_of(person, prepared):
        raise OwnOrganisationLately
    check_bytes(prepared, reauthenticated_at, expected_sha256, now)


def check_bytes(
    prepared: PreparedCertificate, reauthenticated_at: datetime, expected_sha256: str, now: datetime
) -> None:
    """Raise NotOpen, OtherBytes or ReauthenticationTooOld unless just these may be approved now."""
    if not prepared.is_open or now >= prepared.expires_at:
        raise NotOpen
    if expected_sha256 != prepared.tbs_sha256:
        raise OtherBytes
    if not now - FRESH <= reauthenticated_at <= now:
        raise ReauthenticationTooOld


def _record(
    prepared: PreparedCertificate,
    actor: Actor,
    now: datetime,
    *,
    refused: bool = False,
    **data: str | int,
) -> None:
    events.insert([approved(prepared, actor, now, refused=refused, **data)])


def approved(
    prepared: PreparedCertificate,
    actor: Actor,
    now: datetime,
    *,
    refused: bool = False,
    **data: str | int,
) -> Event:
    """The event of an approval given or refused, yet to be inserted."""
    return events.made(
        "issuance.approved",
        actor=actor,
        now=now,
        object_type="prepared_certificate",
        object_id=prepared.pk,
        organisation_id=prepared.organisation_id,
        refused=refused,
        data={"reference": str(prepared.reference), "tbs_sha256": prepared.tbs_sha256, **data},
    )
