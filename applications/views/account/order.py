"""The page of an order: its tasks while a draft, afterwards progress, history and certificate."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import access
from accounts.consents import suppliers
from accounts.page_reading import read_once
from applications.checks.wording import word_faults
from applications.models import Application
from applications.replacement import predecessors
from applications.rules import possible_actions, revocation_reports, sections, undelivered
from applications.rules.sender import lacks_right
from applications.views.account import certificates, contact_link, in_use, papers
from applications.views.account.history import history
from applications.views.account.reading import read
from applications.views.order import answer_documents, csr
from applications.views.shared import summary, thread, tracking
from applications.views.shared.entry import order_view
from applications.views.shared.page import check_url, show
from applications.views.shared.proposed_names import proposed_names
from applications.views.shared.right_asked import RightAsked, right_asked
from applications.views.shared.rows import tone
from applications.workflow import ENDED, TURN, Role, Status
from certportal.foundation import clock
from certportal.foundation.web.keyset import before_of


@read_once
@order_view
@require_safe
def order(request: HttpRequest, application: Application) -> HttpResponse:
    now = clock.now()
    read(request, application, now=now)
    if application.status == Status.DRAFT:
        return tasks(request, application, now)
    before = before_of(request)
    parts, past = summary.parts(application, now=now), history(application, before=before)
    shown = papers.shown(application)
    about, successor = _certificate(request, application, now), predecessors.successor(application)
    renewed_by = in_use.renewed_by(request, application)
    context = {
        "tone": tone(application.status),
        "parts": parts,
        "open_parts": [part for part in parts if part.url],
        "answer_parts": answer_documents.part(application),
        "history": past.lines,
        "before": before,
        "older": past.older,
        "thread": thread.for_applicant(application, shown.get("attachments", ())),
        "decision": next(reversed(application.decisions.all()), None),
        **shown,
        **_progress(application, now),
        **_waiting(application, now),
        "unreached": undelivered.addresses(application),
        **contact_link.shown(application, now=now),
        "predecessor": predecessors.predecessor(application),
        "successor": successor,
        "right_asked": _right_asked(request, application, now),
        **about,
        "order_anew": bool(about) and not (about["installs"] or successor or renewed_by),
        **in_use.renewed(request, application, now=now),
        "renewed_by": renewed_by,
    }
    return show(request, application, "order", **context)


def _certificate(request: HttpRequest, application: Application, now: datetime) -> dict[str, Any]:
    """Return the context about the certificate, its installation and reports about it."""
    about = certificates.shown(application, printed=certificates.fitting(request), now=now)
    return about and about | {
        "installs": not (about["revoked"] or about["expired"]),
        "in_use": bool(application.installed_at or about["seen"]),
        "reported": revocation_reports.waiting(application),
        "reports": revocation_reports.reports(application),
    }


def _right_asked(
    request: HttpRequest, application: Application, now: datetime
) -> RightAsked | None:
    """Return what the reader's right to act asks for if the order waits for a right."""
    today = clock.day(now)
    if application.status in {Status.ISSUED, *ENDED} or not lacks_right(application, on=today):
        return None
    return right_asked(access.person_of(request), application.organisation, on=today)


def tasks(request: HttpRequest, application: Application, now: datetime) -> HttpResponse:
    parts = summary.parts(application, now=now)
    needed = [part for part in parts if not part.optional]
    missing = [part for part in needed if not part.complete]
    return show(
        request,
        application,
        "tasks",
        parts=parts,
        needed=len(needed),
        done=len(needed) - len(missing),
        next_part=missing[0] if missing else None,
        optional=len(parts) - len(needed),
        ready=not sections.missing(application, on=clock.day(now)),
        check_url=check_url(application),
    )


def _progress(application: Application, now: datetime) -> dict[str, Any]:
    return {
        "status_words": application.status_words_for(Role.APPLICANT),
        "stages": tracking.stages(application),
        "stage": tracking.at(application),
        "turn": tracking.turn_words(application, now=now),
        "promise": tracking.promise_words(application, now=now),
        "lapse": tracking.lapse_words(application),
        "place": tracking.place_words(application),
        "waiting": tracking.waiting_words(application),
    }


def _waiting(application: Application, now: datetime) -> dict[str, Any]:
    """Return the context about questions, findings and possible actions."""
    returned = application.status == Status.AWAITING_CSR
    question = application.question
    return {
        "question": question,
        "suppliers": suppliers(application.organisation_id, now=now) if returned else [],
        "findings": word_faults(application.findings)
        if TURN[Status(application.status)] is Role.APPLICANT
        else [],
        "may_give_csr": csr.attachable(application),
        "wanted": application.status == Status.AWAITING_CSR,
        "proposed": proposed_names(application, now=now),
        "offers": possible_actions.actions(application, Role.APPLICANT, now=now),
    }
