"""Apply the result of the checks: return to the applicant, wait for a source, or queue."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from applications.checks.outcome import Outcome
from applications.models import Application, Check, Decision, InformationRequest
from applications.rules import (
    case_holder,
    contact_links,
    domains,
    hearing,
    promise_pause,
    queue_order,
)
from applications.rules.lapse import MENDING_DAYS
from applications.services import transition
from applications.services.applicant import contact_links as contact_links_applicant
from applications.workflow import Action, Status, consequences
from certportal.foundation import clock, working_days
from certportal.foundation.actors import system
from certportal.foundation.database.combined_queries import Rows, compiled_for, first
from certportal.foundation.outbox import outbox
from issuance.findings import RULE_SET_VERSION, Finding, Severity

ACTOR = system("checks")
# The statuses in which an order may wait for a source.
WAITS = {Status.CHECKING, Status.APPROVED}


@transaction.atomic
def conclude(application_id: UUID, outcome: Outcome, *, now: datetime) -> Application | None:
    """Store the run of the checks and change the status accordingly.

    The answer to a hearing goes to review whatever the checks found. Returns None, storing nothing,
    if the submission or request has been replaced meanwhile.
    """
    application = transition.lock(application_id)
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
    # After a hearing the reviewer decides on the findings; the applicant is not asked again.
    if not hearing.is_answered(application, now=now):
        if _blocks(outcome.order_findings):
            return _return_order(application, outcome, now)
        if _blocks(outcome.csr_findings):
            return _return_csr(application, outcome, now)
    moved = transition.move(
        application,
        Action.QUEUE,
        ACTOR,
        now,
        findings=outcome.findings,
        **queue_order.next_from_today(application, now),
        **transition.NOT_WAITING,
    )
    if moved.kind.has_host_names and domains.in_use():
        outbox.enqueue("application.domains_wanted", now=now, reference=str(moved.pk))
    if moved.reviewer_id is not None:  # prepare it again for its holder
        outbox.enqueue(consequences.PREPARE, now=now, reference=str(moved.pk))
    if _is_answer(moved):
        transition.notify(moved, "answered", ("reviewer",), now)
    return moved


@transaction.atomic
def wait(application_id: UUID, source: str, *, now: datetime) -> None:
    """Record that a source is awaited; a second call for the same source does nothing."""
    application = transition.lock(application_id)
    if application.waiting_for == source or application.status not in WAITS:
        return
    transition.move(
        application,
        Action.WAIT,
        ACTOR,
        now,
        to=Status(application.status),
        data={"source": source},
        waiting_for=source,
        waiting_since=now,
    )


def _is_answer(application: Application) -> bool:
    """Return whether the checks just made are about the answer to a reviewer's request.

    The checks may have returned the answer, even several times; it is then its corrected form.
    """
    last = first(_last_closed(application.pk).alone())
    if last is None or case_holder.is_free(application):
        return False
    # By a clock that is a little behind, these checks themselves were before the answer.
    earlier = list(application.check_runs.filter(at__gte=last.closed_at))[:-1]
    reopened = application.decisions.filter(kind=Decision.Kind.REOPENED, at__gt=last.closed_at)
    return all(map(_sent_back, earlier)) and not reopened.exists()


@compiled_for(UUID(int=1))
def _last_closed(application_id: UUID) -> Rows:
    """Return the query for the reviewers' request that was closed last."""
    closed = InformationRequest.objects.filter(
        application=application_id, closed_at__isnull=False, cancelled=False, reviewer__isnull=False
    )
    return Rows(closed.order_by("-closed_at")[:1])


def _sent_back(run: Check) -> bool:
    return any(finding["severity"] == Severity.ERROR.value for finding in run.findings)


def _blocks(findings: list[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def _why(outcome: Outcome) -> dict[str, Any]:
    """Return the event's data: ids of the rules with errors, and the version of the rules."""
    findings = [*outcome.order_findings, *outcome.csr_findings]
    broken = {finding.rule for finding in findings if finding.severity is Severity.ERROR}
    return {"rules": sorted(broken), "rule_set_version": RULE_SET_VERSION}


def _return_csr(application: Application, outcome: Outcome, now: datetime) -> Application:
    moved = transition.move(
        application,
        Action.RETURN_CSR,
        ACTOR,
        now,
        data=_why(outcome),
        findings=outcome.findings,
        csr=None,
        **promise_pause.returned(application, now),
        **transition.NOT_WAITING,
    )
    if contact_links.brings_request(moved):
        to = contact_links.mailable_holders(moved)
        contact_links_applicant.send_links(moved, actor=ACTOR, now=now, to=to)
    return moved


def _return_order(application: Application, outcome: Outcome, now: datetime) -> Application:
    # A technical contact who brings the request is asked for another after the answer.
    is_csr_asked = _blocks(outcome.csr_findings) and not contact_links.brings_request(application)
    InformationRequest.objects.create(
        application=application,
        reviewer=None,
        reason="",
        fields=[*outcome.sections, *(["csr"] if is_csr_asked else [])],
        deadline=working_days.working_day(clock.day(now) + timedelta(days=MENDING_DAYS)),
        asked_at=now,
    )
    return transition.move(
        application,
        Action.RETURN_ORDER,
        ACTOR,
        now,
        data=_why(outcome),
        findings=outcome.findings,
        **promise_pause.returned(application, now),
        **transition.NOT_WAITING,
    )
