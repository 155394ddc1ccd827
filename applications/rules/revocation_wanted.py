"""What still asks for a revocation when a proposal about the certificate has ended without it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Person
from applications.models import RegisterTask, RevocationProposal, RevocationReport
from certportal.foundation.models import OutboxItem
from issuance.models import Certificate

Change, Outcome = RegisterTask.Change, RegisterTask.Outcome
Closed = RevocationProposal.Outcome
# The revocation reason for each change in the register (RFC 5280, 5.3.1).
REVOKED_AS = {
    Change.ENDED: "cessation_of_operation",
    Change.INTERMEDIARY: "privilege_withdrawn",
    Change.SECTOR: "privilege_withdrawn",
    Change.MERGED: "affiliation_changed",
    Change.RENAMED: "affiliation_changed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reviewer wants it, why, and on which reports from outside that rests, if on any."""

    maker: Person
    reason: str
    words: str
    reports: Sequence[RevocationReport] = ()


def after(ended: RevocationProposal) -> Wanted | None:
    """Return what the declined or withdrawn proposal leaves unanswered, or None.

    That is a report noted beside it for another reason, or by the person who declined it, since
    nobody settles alone what they wrote; else a decision about a change in the register, for which
    nothing was proposed since another proposal was open.
    """
    assert ended.closer is not None
    closer, left = ended.closer.current, list[RevocationReport]()
    for report in ended.reports_beside.select_related("person").order_by("received_at", "pk"):
        if report.reason != ended.reason or report.person.current == closer:
            left.append(report)
    if left:
        return Wanted(left[0].person.current, left[0].reason, left[0].words, left)
    return next(_decided(ended.certificate_id), None)


def _decided(certificate_id: int) -> Iterator[Wanted]:
    """Yield the decisions to revoke the certificate that no second person has answered yet.

    The register still says what they were made upon.
    """
    tasks = RegisterTask.objects.filter(certificates=certificate_id, outcome=Outcome.REVOKE)
    for task in tasks.exclude(key="").select_related("decided_by").order_by("decided_at"):
        assert task.decided_by is not None
        if not answers(task).filter(certificate_id=certificate_id).exists():
            reason = REVOKED_AS[Change(task.change)]
            yield Wanted(task.decided_by.current, reason, task.reasons)


def answers(task: RegisterTask) -> QuerySet[RevocationProposal]:
    """Return the ended proposals for the decision's reason that settle it for their certificates.

    Another person declined them, or they were made upon the decision, or by the decider, and
    withdrawn. Merged persons count as one.
    """
    assert task.decided_by is not None
    decider = task.decided_by.current
    same = Person.objects.filter(Q(pk=decider.pk) | Q(merged_into=decider))
    answered = Q(outcome=Closed.DECLINED) & ~Q(closer__in=same)
    upon_it = Q(maker__in=same) | Q(pk__in=proposed_upon(task).values("pk"))
    answered |= Q(outcome=Closed.WITHDRAWN) & upon_it
    reason = REVOKED_AS[Change(task.change)]
    since = RevocationProposal.objects.filter(reason=reason, closed_at__gte=task.decided_at)
    return since.filter(answered)


def proposed_upon(task: RegisterTask) -> QuerySet[RevocationProposal]:
    """Return the proposals made upon the decided task, in any state.

    They carry its words. Their maker may be another person, if the decider could not make them.
    """
    return RevocationProposal.objects.filter(
        certificate_id__in=task.certificates.values("pk"),
        reason=REVOKED_AS[Change(task.change)],
        words=task.reasons,
        made_at__gte=task.decided_at,
    )


def is_being_proposed(task: RegisterTask) -> bool:
    """Return whether the worker has yet to propose what was decided, wholly or in part."""
    items = OutboxItem.objects.filter(topic="register.decided", payload__task=task.pk)
    return items.filter(done_at=None, failed_at=None).exists()


def unproposed(task: RegisterTask, *, now: datetime) -> QuerySet[Certificate]:
    """Return the certificates in force for which a decision to revoke is neither proposed nor
    answered (`answers`), and for which no other proposal is open.

    Once the worker has been through, the decider could not propose these any more.
    """
    if task.outcome != Outcome.REVOKE or not task.key:
        return Certificate.objects.none()
    waiting = RevocationProposal.objects.filter(closed_at=None)
    settled = (waiting | answers(task)).values("certificate_id")
    return task.certificates.filter(Certificate.in_force(now)).exclude(pk__in=settled)
