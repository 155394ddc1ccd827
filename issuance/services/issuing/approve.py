"""Approving a prepared certificate: named persons approve its exact bytes."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Exists, OuterRef
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from accounts import access
from accounts.disqualification import is_tied, ties
from accounts.models import Person
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.errors import Refused
from issuance.approvers.assertion import Assertion
from issuance.approvers.proof import Proof
from issuance.approvers.waived import Waived
from issuance.event_names import IssuanceEvent
from issuance.faults import reach
from issuance.models import Approval, PreparedCertificate
from issuance.services import errors, locks
from issuance.services.concerned import own_marks
from issuance.services.issuing import to_sign

ROLE = "reviewer"
_attempt, _locked_attempt = by_key(PreparedCertificate), by_key(PreparedCertificate, lock=True)
# Bias is presumed of whoever left the organisation, or asked to join it, within this time: they may
# have sent the order themselves or have promised it to a colleague.
ESTRANGED = access.ESTRANGED
# The approver took no part in the application: none of their marks is in ``concerned``, nor one of
# a record that was merged with theirs, perhaps only after they approved.
_UNCONCERNED = """
    NOT EXISTS (
        SELECT FROM accounts_person account
        WHERE (
            account.id IN (accounts_person.id, accounts_person.merged_into_id)
            OR account.merged_into_id IN (accounts_person.id, accounts_person.merged_into_id)
        )
        AND issuance_preparedcertificate.concerned::text[] && (
            account.former_addresses::text[] || ARRAY[
                'person:' || account.id::text,
                'address:' || encode(sha256(convert_to(lower(account.email), 'UTF8')), 'hex')
            ]
        )
    )
"""


@dataclass(frozen=True, slots=True)
class ApprovalState:
    """How many distinct persons have approved (``given``) and how many must (``wanted``).

    ``until`` is when the first waiver that an approval rests on ends, or None.
    """

    wanted: int
    given: int
    until: datetime | None = None

    @property
    def complete(self) -> bool:
        return self.given >= self.wanted


def approve(
    prepared_id: int,
    *,
    person: Person,
    reauthenticated_at: datetime,
    expected_sha256: str,
    register_record: str = "",
    persons: int = 1,
    until: datetime | None = None,
    waivers: Sequence[Waived] = (),
    assertion: Assertion | None = None,
    now: datetime,
) -> ApprovalState:
    """Add the person's approval of the bytes with SHA-256 ``expected_sha256``. Idempotent.

    ``register_record``: the version of the register record that the person was shown. ``persons``:
    the least number of approvals for this application. ``until``: from then on the approval, which
    rests on ``waivers``, does not count. ``assertion``: signs ``to_sign.challenge`` of the same.

    Raises NotOpen, OtherBytes (both Stale), NotReviewer, OwnOrganisation, OwnOrganisationLately,
    Concerned, ReauthenticationTooOld (all NotAllowed); DoesNotExist for an unknown id.
    """
    prepared = _existing(_attempt(prepared_id))
    with refusals_on_record(prepared_id, person=person, now=now), transaction.atomic():
        locks.hold(f"issuance:{prepared.reference}")
        prepared = _existing(_locked_attempt(prepared_id))
        _check(prepared, person, reauthenticated_at, expected_sha256, now)
        if assertion:
            policy: dict[str, Any] = {"persons": persons, "until": until, "waivers": waivers}
            to_sign.require(assertion, to_sign.challenge(prepared, **policy))
        approval, created = Approval.objects.get_or_create(
            prepared=prepared,
            person=person,
            defaults={
                "role": ROLE,
                "reauthenticated_at": reauthenticated_at,
                "register_record": register_record,
                "persons": persons,
                "until": until,
                "waivers": [each.to_json() for each in waivers] or None,
                "assertion": Proof(assertion).to_json() if assertion else None,
                "created_at": now,
            },
        )
        state = approval_state(prepared)
        if created:
            data = {"given": state.given, "wanted": state.wanted, "sha256": approval.sha256}
            _record(prepared, person, now=now, **data)
        reach("approve_before_commit")
    reach("approve_after_commit")
    return state


def _existing(found: PreparedCertificate | None) -> PreparedCertificate:
    if found is None:
        raise PreparedCertificate.DoesNotExist
    return found


@contextmanager
def refusals_on_record(prepared_id: int, *, person: Person, now: datetime) -> Iterator[None]:
    """Record an event for a Refused raised inside, and raise it again.

    Use it outside the outermost transaction: the rollback would remove the event.
    """
    try:
        yield
    except Refused as refusal:
        prepared = PreparedCertificate.objects.filter(pk=prepared_id).first()
        if prepared is not None:
            _record(prepared, person, now=now, refused=True, reason=type(refusal).__name__)
            refusal.recorded = True
        raise


def _record(prepared: PreparedCertificate, person: Person, *, now: datetime, **data: Any) -> None:
    actor = Actor("person", str(person.pk))
    events.record(IssuanceEvent.APPROVED, prepared, actor, now, **data)


def approval_state(prepared: PreparedCertificate) -> ApprovalState:
    """Count the approvals that are valid now.

    An approval is valid if the person still is a reviewer, did not recently belong to the
    organisation, and took no part in the application.
    """
    return approval_states([prepared])[prepared.pk]


type Standing = Sequence[tuple[int, UUID, int, datetime | None, int]]
"""Of each valid approval the attempt's id, the person, least number of persons, end, own id."""


def standing_approvals(attempts: Iterable[PreparedCertificate]) -> Standing:
    """Return the approvals of the attempts that are valid now (``approval_state``)."""
    return _valid_approvals([each.pk for each in attempts]).alone()


def approval_states(
    attempts: Iterable[PreparedCertificate],
    standing: Standing | None = None,
    *,
    only: Collection[int] | None = None,
) -> dict[int, ApprovalState]:
    """Like ``approval_state`` for many attempts; by attempt id.

    ``standing``: their valid approvals, if they have just been read. ``only``: count no other
    approvals than those with these ids.
    """
    wanted = {each.pk: by_policy(each) for each in attempts}
    if standing is None:
        standing = _valid_approvals(list(wanted)).alone()
    standing = [each for each in standing if each[0] in wanted]
    counted = {row[:2] for row in standing if only is None or row[4] in only}
    given = Counter(prepared_id for prepared_id, _ in counted)
    ends: dict[int, datetime] = {}
    for prepared_id, _human, persons, until, _pk in standing:
        wanted[prepared_id] = max(wanted[prepared_id], persons)
        if until is not None:
            ends[prepared_id] = min(until, ends.get(prepared_id, until))
    return {pk: ApprovalState(needed, given[pk], ends.get(pk)) for pk, needed in wanted.items()}


def by_policy(attempt: PreparedCertificate) -> int:
    """How many persons must approve: by the setting, and at least two for a reissue."""
    by_setting: int = settings.ISSUANCE_APPROVALS[attempt.environment]
    return max(to_sign.FOR_REISSUE, by_setting) if attempt.replaces else by_setting


@compiled_for([0])
def _valid_approvals(attempts: list[int]) -> Values:
    person, organisation = OuterRef("person"), OuterRef("prepared__organisation_id")
    since = OuterRef("prepared__created_at") - ESTRANGED
    standing = Approval.objects.filter(
        Exists(access.reviewer_roles(person)),
        ~ties(person, organisation, since=since),
        RawSQL(_UNCONCERNED, [], output_field=BooleanField()),  # noqa: S611 - a constant
        Among("prepared", "bigint", attempts),
    ).values_list(
        "prepared_id", Coalesce("person__merged_into_id", "person_id"), "persons", "until", "pk"
    )
    return Values(standing, 5)


def _check(
    prepared: PreparedCertificate,
    person: Person,
    reauthenticated_at: datetime,
    expected_sha256: str,
    now: datetime,
) -> None:
    if not access.is_reviewer(person):
        raise errors.NotReviewer
    if access.is_member(person, prepared.organisation_id):
        raise errors.OwnOrganisation
    since = prepared.created_at - ESTRANGED
    if is_tied(person, prepared.organisation_id, since=since):
        raise errors.OwnOrganisationLately
    if own_marks(person) & set(prepared.concerned):
        raise errors.Concerned
    check_bytes(prepared, reauthenticated_at, expected_sha256, now)


def check_bytes(
    prepared: PreparedCertificate, reauthenticated_at: datetime, expected_sha256: str, now: datetime
) -> None:
    """Raise NotOpen, OtherBytes or ReauthenticationTooOld unless these bytes may be approved."""
    if not (prepared.is_open and prepared.is_timely(now)):
        raise errors.NotOpen
    if expected_sha256 != prepared.tbs_sha256:
        raise errors.OtherBytes
    if not clock.is_recent(reauthenticated_at, access.SECOND_FACTOR_LASTS, now=now):
        raise errors.ReauthenticationTooOld
