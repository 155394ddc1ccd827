"""Approving many attempts at once: one look, one decision, and still a row for each."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts import access
from accounts.models import Person
from certportal.foundation import events, rows
from certportal.foundation.actors import Actor
from issuance.models import Approval, PreparedCertificate
from issuance.services.approve import ESTRANGED, ROLE, approved, check_bytes
from issuance.services.attempts import lock
from issuance.services.errors import NotOpen, NotReviewer


def approve_all(
    expected: Mapping[int, str], *, person: Person, reauthenticated_at: datetime, now: datetime
) -> set[int]:
    """Add the person's approval of many attempts, each id with the hash of its bytes.

    Left to others are those of organisations that the person belongs to, or did lately; the ids
    of the rest come back. Approved before, they are so still. All or none: raises NotOpen,
    OtherBytes, NotReviewer or ReauthenticationTooOld.
    """
    if not access.is_reviewer(person):
        raise NotReviewer
    with transaction.atomic():
        found = list(_with_own(person).filter(pk__in=expected).order_by("pk"))
        open_ = lock(found, holding=[f"issuance:{each.reference}" for each in found])
        for each in found:
            if each.pk not in open_:
                raise NotOpen
            check_bytes(each, reauthenticated_at, expected[each.pk], now)
        if len(found) != len(expected):
            raise NotOpen
        theirs = [each for each in found if not each.is_own]  # type: ignore[attr-defined]
        _insert(theirs, person, reauthenticated_at, now)
    return {each.pk for each in theirs}


def _with_own(person: Person) -> QuerySet[PreparedCertificate]:
    """Attempts, each with whether it is of an organisation of the person's."""
    since = OuterRef("created_at") - ESTRANGED
    own = access.late_memberships(person, OuterRef("organisation_id"), since=since)
    return PreparedCertificate.objects.annotate(is_own=Exists(own))


def _insert(
    given: Iterable[PreparedCertificate],
    person: Person,
    reauthenticated_at: datetime,
    now: datetime,
) -> None:
    before = Approval.objects.filter(person=person, prepared__in=given)
    known = set(before.values_list("prepared_id", flat=True))
    new = [each for each in given if each.pk not in known]
    facts = {"person": person, "role": ROLE, "reauthenticated_at": reauthenticated_at}
    rows.insert([Approval(prepared=each, created_at=now, **facts) for each in new])
    actor = Actor("person", str(person.pk))
    events.insert([approved(each, actor, now) for each in new])
