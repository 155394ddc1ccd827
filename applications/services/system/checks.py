"""What the checks led to: back to the applicant, waiting for a source, or into the queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.register.models import RegisterRecord
from applications import contact, holding
from applications.models import Application, Check, Decision, InformationRequest
from applications.services import contacting, moving
from applications.workflow import Action, Role, Status
from certportal.foundation import clock
from certportal.foundation.actors import system
from issuance.findings import RULE_SET_VERSION, Finding, Severity

ACTOR = system("checks")
# How long the applicant has to mend an order that the checks sent back.
MENDING_TIME = timedelta(days=30)
WAITS = {Status.CHECKING, Status.APPROVED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks examined and found.

    `csr_findings` are faults of the request; `order_findings` those of everything else;
    `sections` the parts of the form the order's faults concern.
    """

    submission_id: int
    csr_id: UUID
    record: RegisterRecord | None
    csr_findings: list[Finding]
    order_findings: list[Finding]
    sections: list[str]

    @property
    def findings(self) -> list[dict[str, object]]:
        """All findings, ready for JSON."""
        return [finding.to_json() for finding in [*self.order_findings, *self.csr_findings]]


@transaction.atomic
def conclude(application_id: UUID, outcome: Outcome, *, now: datetime) -> Application | None:
    """Store the run and move on. A result about anything but the present contents is dropped."""
    application = moving.lock(application_id)
    current = (application.submission_id, application.csr_id)
    if application.status != Status.CHECKING or current != (outcome.submission_id, outcome.csr_id):
        return None
    Check.objects.create(
        application=application,
        submission_id=outcome.submission_id,
        csr_id=outcome.csr_id,
        record=outcome.record,
        findings=outcome.findings,
        rule_set_version=RULE_SET_VERSION,
        at=now,
    )
    if _blocks(outcome.order_findings):
        return _return_order(application, outcome, now)
    if _blocks(outcome.csr_findings):
        return _return_csr(application, outcome, now)
    moved = moving.move(
        application,
        Action.QUEUE,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        findings=outcome.findings,
        waiting_for="",
        waiting_since=None,
    )
    if _is_answer(moved):
        moving.notify(moved, "answered", ("reviewer",), now)
    return moved


@transaction.atomic
def wait(application_id: UUID, source: str, *, now: datetime) -> None:
    """Show that a source is awaited. Waiting again for the same changes nothing."""
    application = moving.lock(application_id)
    if application.waiting_for == source or application.status not in WAITS:
        return
    moving.move(
        application,
        Action.WAIT,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        to=Status(application.status),
        data={"source": source},
        waiting_for=source,
        waiting_since=now,
    )


def _is_answer(application: Application) -> bool:
    """Whether what was checked is the answer to a reviewer who asked, and gets through now.

    The checks may have sent back the answer itself: then it is what was mended after.
    """
    asked = application.requests.filter(closed_at__isnull=False, cancelled=False)
    last = asked.exclude(reviewer=None).order_by("closed_at").last()
    if last is None or last.closed_at is None or holding.is_free(application):
        return False
    *earlier, _this = application.check_runs.filter(at__gte=last.closed_at)
    taken_up = application.decisions.filter(kind=Decision.Kind.REOPENED, at__gt=last.closed_at)
    return all(map(_sent_back, earlier)) and not taken_up.exists()


def _sent_back(run: Check) -> bool:
    return any(finding["severity"] == Severity.ERROR.value for finding in run.findings)


def _blocks(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _return_csr(application: Application, outcome: Outcome, now: datetime) -> Application:
    moved = moving.move(
        application,
        Action.RETURN_CSR,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        findings=outcome.findings,
        csr=None,
        completed_at=None,
        due_on=None,
        waiting_for="",
        waiting_since=None,
    )
    contacting.send_links(moved, actor=ACTOR, now=now, to=contact.welcome(moved))
    return moved


def _return_order(application: Application, outcome: Outcome, now: datetime) -> Application:
    InformationRequest.objects.create(
        application=application,
        reviewer=None,
        reason="",
        fields=outcome.sections,
        deadline=clock.day(now + MENDING_TIME),
        asked_at=now,
    )
    # What the checks send back was never complete: the answer that completes it begins the promise.
    return moving.move(
        application,
        Action.RETURN_ORDER,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        findings=outcome.findings,
        completed_at=None,
        due_on=None,
        days_left=None,
        waiting_for="",
        waiting_since=None,
    )
