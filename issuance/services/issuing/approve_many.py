"""Approving many attempts in one operation, with an approval and an event for each."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet

from accounts import access
from accounts.disqualification import ties
from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database import row_writes
from issuance.approvers.assertion import BadAssertion
from issuance.approvers.proof import PlanProof
from issuance.event_names import IssuanceEvent
from issuance.models import Approval, PreparedCertificate
from issuance.services.concerned import own_marks
from issuance.services.errors import NotOpen, NotReviewer, OtherBytes
from issuance.services.issuing import to_sign
from issuance.services.issuing.approve import ESTRANGED, ROLE, check_bytes
from issuance.services.issuing.attempts import lock


def approve_all(
    expected: Mapping[int, str],
    *,
    person: Person,
    reauthenticated_at: datetime,
    proof: PlanProof | None = None,
    now: datetime,
) -> set[int]:
    """Add the person's approval of many attempts, given as id and SHA-256 of the bytes.

    Attempts of organisations that the person belongs or recently belonged to, and those in which
    the person took part, are skipped. Returns the ids of the others, also if approved before.
    ``proof`` has the assertion of the person's passkey for a plan that has all of these attempts.

    All or none: raises NotOpen, OtherBytes, NotReviewer or ReauthenticationTooOld.
    """
    with transaction.atomic():
        found = list(_with_own(person).filter(pk__in=expected).order_by("pk"))
        open_ = lock(found, holding=[f"issuance:{each.reference}" for each in found])
        if not access.is_reviewer(person):
            raise NotReviewer
        for each in found:
            if each.pk not in open_:
                raise NotOpen
            check_bytes(each, reauthenticated_at, expected[each.pk], now)
        if len(found) != len(expected):
            raise NotOpen
        permitted = list(_permitted(found, person))
        _insert(permitted, person, reauthenticated_at, proof, now)
    return {each.pk for each in permitted}


def may_approve_any(attempts: Iterable[int], *, person: Person) -> bool:
    """Return whether `approve_all` would not skip all of the attempts, given as ids."""
    found = _with_own(person).filter(pk__in=attempts).only("concerned").iterator(chunk_size=100)
    return any(True for _each in _permitted(found, person))


def _permitted(
    found: Iterable[PreparedCertificate], person: Person
) -> Iterator[PreparedCertificate]:
    """Leave out those of organisations of the person, and those in which the person took part."""
    marks = own_marks(person)
    for each in found:
        if not each.is_own and not marks & set(each.concerned):  # type: ignore[attr-defined]
            yield each


def _with_own(person: Person) -> QuerySet[PreparedCertificate]:
    """Attempts annotated with ``is_own``: the organisation is, or recently was, the person's."""
    since = OuterRef("created_at") - ESTRANGED
    own = ties(person.pk, OuterRef("organisation_id"), since=since)
    return PreparedCertificate.objects.annotate(is_own=own)


def _insert(
    given: Iterable[PreparedCertificate],
    person: Person,
    reauthenticated_at: datetime,
    proof: PlanProof | None,
    now: datetime,
) -> None:
    before = Approval.objects.filter(person=person, prepared__in=given)
    known = set(before.values_list("prepared_id", flat=True))
    new = [each for each in given if each.pk not in known]
    facts: dict[str, Any] = {
        "person": person,
        "role": ROLE,
        "reauthenticated_at": reauthenticated_at,
    }
    approvals = [
        Approval(
            prepared=each,
            persons=to_sign.persons_in_plan(each),
            assertion=_stored(each, proof),
            created_at=now,
            **facts,
        )
        for each in new
    ]
    row_writes.insert(approvals)
    actor = Actor("person", str(person.pk))
    made = [
        events.made(IssuanceEvent.APPROVED, each.prepared, actor, now, sha256=each.sha256)
        for each in approvals
    ]
    events.insert(made)


def _stored(attempt: PreparedCertificate, proof: PlanProof | None) -> dict[str, Any] | None:
    try:
        return proof.of(to_sign.in_plan(attempt)).to_json() if proof else None
    except BadAssertion as error:
        raise OtherBytes from error
