"""One order: its tasks while a draft, its progress, history and certificate afterwards."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from applications import contact, contents
from applications.kinds import CertificateType
from applications.models import Application
from applications.replacing import telling
from applications.views import certificates, csr, going, linking, paper, summary, tracking
from applications.views.entry import order_view
from applications.views.past import history
from applications.views.tones import tone
from applications.wording import word_faults
from applications.workflow import Action, Role, Status, actions
from certportal.foundation import clock


@order_view
@require_safe
def order(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the order as it stands."""
    now = clock.now()
    if application.status == Status.DRAFT:
        return tasks(request, application, now)
    certificate = certificates.shown(application, now=now)
    links = linking.links(application, now=now)
    context = {
        "application": application,
        "type": CertificateType(application.type),
        "is_test": CertificateType(application.type).is_test,
        "tone": tone(application.status),
        "parts": summary.parts(application, now=now),
        "history": history(application),
        "additions": application.additions.select_related("person"),
        "decision": application.decisions.last(),
        **paper.shown(application),
        **_progress(application, now),
        **_waiting(application, now),
        "links": links,
        "may_end": any(link.lives for link in links),
        "predecessor": telling.predecessor(application),
        "successor": telling.successor(application),
        **certificate,
    }
    return render(request, "applications/order.html", context)


def tasks(request: HttpRequest, application: Application, now: datetime) -> HttpResponse:
    """Show the list of tasks of a draft."""
    parts = summary.parts(application, now=now)
    context = {
        "application": application,
        "is_test": CertificateType(application.type).is_test,
        "parts": parts,
        "done": sum(part.complete for part in parts),
        "ready": not contents.missing(application, on=clock.day(now)),
        "check_url": going.check_url(application),
    }
    return render(request, "applications/tasks.html", context)


def _progress(application: Application, now: datetime) -> dict[str, Any]:
    return {
        "stages": tracking.stages(application),
        "turn": tracking.turn_words(application),
        "turn_is_yours": tracking.is_applicants_turn(application),
        "promise": tracking.promise_words(application, now=now),
        "lapse": tracking.lapse_words(application),
        "place": tracking.place_words(application),
        "waiting": tracking.waiting_words(application),
    }


def _waiting(application: Application, now: datetime) -> dict[str, Any]:
    """Return what the applicant can do now, and what was asked."""
    possible = set(actions(application.status, Role.APPLICANT))
    returned = application.status == Status.AWAITING_CSR
    question = application.requests.filter(closed_at=None).first()
    return {
        "question": question,
        "findings": word_faults(application.findings)
        if tracking.is_applicants_turn(application)
        else [],
        "csr_returned": returned and bool(application.findings),
        "may_give_csr": csr.attachable(application),
        "may_rename": Action.RENAME_CONTACT in possible and bool(application.csr_by),
        "may_link": Action.RESEND_LINK in possible and contact.is_open(application, now=now),
        "may_add": Action.ADD_INFORMATION in possible and not question,  # answered there in words
        "may_withdraw": Action.WITHDRAW in possible,
    }
