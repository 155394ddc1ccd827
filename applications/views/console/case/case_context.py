"""The template context of the page of a case."""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Person
from applications.checks.wording import word_all
from applications.models import Application, Decision, InformationRequest
from applications.rules import reviewers_day, revocation_reports, undelivered
from applications.rules.approvals_needed import approvals_needed, why_two
from applications.rules.attempts import approvals_of
from applications.services.reviewer import own_passkey, revocation
from applications.services.reviewer.may_act import ApprovedAlready, Case
from applications.views.console import undelivered as undelivered_views
from applications.views.console.case import (
    attachments,
    background as background_case,
    comparison,
    known,
    names,
    preparation,
    register_then_and_now,
    specimen,
    waivers,
)
from applications.views.console.case.answer import answer
from applications.views.shared import history, since, submissions as submissions_shown, thread
from applications.workflow import Action, Status
from certportal.foundation import clock
from certportal.foundation.errors import Refused
from issuance.certificate.lint_pkix import is_accepted
from issuance.certificate.text import certificate_text
from issuance.models import PreparedCertificate
from issuance.services.errors import NotOpen
from issuance.services.issuing.approve import approval_state

UNLIKE = {"differs", "clash"}
"""The verdicts of a comparison that a reviewer must look at."""


def evidence(application: Application, stand: known.States, *, now: datetime) -> dict[str, Any]:
    """Return the context about findings, host names, attachments, texts and decisions.

    `stand` is what `reading.read_others` has returned. Call `reading.read` first, so that this
    takes no queries for each part.
    """
    decisions = list(application.decisions.all())
    dialogue, attached = thread.for_reviewers(application), attachments.shown(application)
    answered = {submission.at for submission in application.submissions.all()}
    answered |= {addition.at for addition in application.additions.all()}
    return {
        "undelivered": [undelivered_views.row(mail) for mail in undelivered.mails(application)],
        "awaited": reviewers_day.source_words(application.waiting_for),
        "findings": word_all(application.findings),
        **names.evidence_of_hosts(application, now=now),
        "waivers": waivers.rows(application, now=now),
        "names_form": names.names_form(application, now=now),
        "attachments": attached,
        "conformity": attachments.conformity_fields(application),
        "answer": answer(application, dialogue, attached),
        "dialogue": dialogue,
        "is_decided": bool(decisions) and decisions[-1].kind != Decision.Kind.REOPENED,
        "notes": application.notes.all(),
        "pauses": [_sentence(request, answered, now) for request in application.requests.all()],
        "key": known.key(application, stand),
        "names_known": known.names(application, stand),
    }


def prepared(application: Application, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return the context about the prepared certificate, the comparison, and possible actions.

    `latest` is the attempt that the page shows anywhere; a void one is only among the past ones.
    """
    handled = Case(application, person, now=now)
    changed = handled.changed if application.status == Status.IN_REVIEW else None
    has_changed = changed is not None
    stage = preparation.stage(application, handled.prepared, has_changed=has_changed, now=now)
    latest = handled.prepared if stage.is_shown else None
    sources = comparison.sources(application, latest, now=now)
    rows, columns = comparison.rows(sources), comparison.columns(application, latest)
    if earlier := comparison.previous(application):
        rows, columns = comparison.beside(rows, earlier), [*columns, _("Previous certificate")]
    revocable = revocation.reasons(application, person, now=now)
    today, obstacles = clock.day(now), _to_approve(handled)
    lint = word_all(latest.findings) if latest else []
    return {
        "handled": handled,
        "stage": stage,
        "latest": latest,
        "lint": [pair for pair in lint if not is_accepted(pair[0])],
        "accepted": [pair for pair in lint if is_accepted(pair[0])],
        "past_attempts": preparation.past(application),
        "offers": handled.actions() | ({"revoke"} if revocable else set()),
        "obstacles": [str(obstacle) for obstacle in obstacles],
        "has_approved": any(isinstance(obstacle, ApprovedAlready) for obstacle in obstacles),
        "removes_extracts": not any(handled.obstacles_to_handle(Action.HEAR)),
        "changed": changed,
        "columns": columns,
        "rows": rows,
        "is_compared": sources.prepared is not None,
        "differing": [row for row in rows if any(cell.verdict in UNLIKE for cell in row.cells)],
        "why_two": why_two(application, on=today),
        **shown(sources.prepared, least=approvals_needed(application, on=today)),
    }


def _to_approve(case: Case) -> list[Refused]:
    """Return the obstacles to approving a case in review.

    The state of the preparation is left out, because the page shows it elsewhere (`stage`).
    """
    if case.application.status != Status.IN_REVIEW:
        return []
    obstacles = case.obstacles(Action.APPROVE)
    return [obstacle for obstacle in obstacles if not isinstance(obstacle, NotOpen)]


def shown(attempt: PreparedCertificate | None, *, least: int = 1) -> dict[str, Any]:
    """Return the context about the prepared certificate's exact contents, and its approvals.

    `least` is the number of approvals that the order needs; the CA gets it with the first one.
    """
    if attempt is None:
        return {}
    state = approval_state(attempt)
    approvals = approvals_of(attempt)
    return {
        "certified": specimen.names(attempt),
        "facts": list(specimen.facts(attempt)),
        "specimen_text": certificate_text(bytes(attempt.tbs)),
        "specimen_pem": attempt.specimen.public_bytes(Encoding.PEM).decode(),
        "approvals": replace(state, wanted=max(state.wanted, least)),
        "given_by": approvals,
        "uncounted": own_passkey.uncounted(approvals, attempt) if attempt.is_open else [],
    }


def pending(application: Application, person: Person) -> dict[str, Any]:
    """Return the context about the open revocation proposal and reports.

    `reports_beside` are reports added to the open proposal, `reports` all others. `to_confirm` and
    `to_decline` are the reader's obstacles to these actions.
    """
    if application.status not in {Status.ISSUED, Status.DELIVERED}:
        return {}
    proposal, now = revocation.open_proposal(application), clock.now()
    reports = sorted(revocation_reports.reports(application), key=lambda report: report.at)
    if proposal is None:
        return {"reports": reports}
    return {
        "reports": [report for report in reports if report.settles != proposal],
        "reports_beside": [report for report in reports if report.beside_id == proposal.pk],
        "proposal": proposal,
        "may_withdraw": not any(revocation.to_withdraw(proposal, person, now=now)),
        "to_confirm": list(revocation.to_confirm(proposal, person, now=now)),
        "to_decline": list(revocation.to_decline(proposal, person, now=now)),
    }


def background(application: Application, person: Person, stand: known.States) -> dict[str, Any]:
    """Return the context about submissions, earlier orders, certificates and events."""
    submissions, now = list(application.submissions.all()), clock.now()
    events = history.newest_of(application)
    people = history.names_of(event.actor for event in events)
    return {
        "since": since.since(application, events, submissions, person, people),
        "submissions": submissions,
        "frozen": submissions_shown.contents(submissions[-1]) if submissions else [],
        "changes": submissions_shown.changes(submissions),
        "sender_known": known.sender(application),
        "together": background_case.together(application),
        "earlier": background_case.with_states(background_case.earlier(application), stand),
        "certificates": background_case.certificates(application, now=now),
        "history": history.worded(events[: history.MOST], people),
        "is_history_cut": len(events) > history.MOST,
        "relied": register_then_and_now.rows(application),
        **register_then_and_now.certified(application),
    }


def _sentence(
    request: InformationRequest, answered: Container[datetime | None], now: datetime
) -> str:
    closed = clock.day(request.closed_at) if request.closed_at else None
    # After the deadline of a hearing the promise resumes even without an answer.
    is_past = request.is_hearing and request.deadline < (closed or clock.day(now))
    ended = request.deadline if is_past else closed or request.deadline
    days = {"begun": clock.day(request.asked_at), "ended": ended, "term": request.deadline}
    shown = {name: date_format(day, "SHORT_DATE_FORMAT") for name, day in days.items()}
    if is_past and not request.cancelled:
        words = _past(request, answered)
    elif request.closed_at is None:
        words = _lasting(request)
    else:
        words = _ended(request)
    within_a_day = f"{shown['begun']}–{shown['begun']}"
    return (words % shown).replace(within_a_day, shown["begun"])


def _past(request: InformationRequest, answered: Container[datetime | None]) -> str:
    """Return the words for a hearing that was open past its deadline, and may have been answered.

    `answered` are the moments of the applicant's answers: such a request is closed at one of them.
    """
    if request.closed_at in answered:
        return _("Paused %(begun)s–%(ended)s: the applicant was heard and answered late.")
    return _("Paused %(begun)s–%(ended)s: the applicant was heard and did not answer in time.")


def _lasting(request: InformationRequest) -> str:
    if request.is_hearing:
        return _("Paused since %(begun)s: the applicant is heard until %(term)s.")
    if request.reviewer_id is None:
        return _("Paused since %(begun)s: the checks returned the order, answer by %(term)s.")
    return _("Paused since %(begun)s: information is asked for by %(term)s.")


def _ended(request: InformationRequest) -> str:
    if request.is_hearing and request.cancelled:
        return _("Paused %(begun)s–%(ended)s: a hearing, which was taken back.")
    if request.is_hearing:
        return _("Paused %(begun)s–%(ended)s: the applicant was heard.")
    if request.reviewer_id is None:
        return _(
            "Incomplete %(begun)s–%(ended)s: the checks returned the order. The count of working"
            " days started again."
        )
    if request.cancelled:
        return _("Paused %(begun)s–%(ended)s: a question, which was taken back.")
    return _("Paused %(begun)s–%(ended)s: information was asked for.")
