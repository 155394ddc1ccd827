"""The case: everything a reviewer decides on, on one page."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import access
from accounts.models import Person
from applications import holding, watch
from applications.kinds import CertificateType
from applications.models import Application
from applications.views import history
from applications.views.console import (
    attachments,
    comparing,
    memory,
    names,
    offers,
    preparing,
    relied,
    revoking,
    rights,
    specimen,
)
from applications.views.console.entry import case_view
from applications.views.due import due
from applications.views.tones import tone
from applications.wording import word_all
from certportal.foundation import clock
from issuance.models import PreparedCertificate
from issuance.services.approve import approval_state, approvers


@case_view
@require_safe
def case(request: HttpRequest, application: Application) -> HttpResponse:
    """Show the case as it stands."""
    person, now = access.person_of(request), clock.now()
    context = (
        identity(application, person, now=now)
        | evidence(application, now=now)
        | rights.sender(application, person)
        | prepared(application, person, now=now)
        | revoking.pending(application, person)
        | background(application)
    )
    return render(request, "applications/console/case.html", context)


def identity(application: Application, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return what stands at the top of every page about the case."""
    kind = CertificateType(application.type)
    return {
        "application": application,
        "type": kind,
        "is_test": kind.is_test,
        "status_tone": tone(application.status),
        "due": due(application, now=now),
        "is_mine": application.reviewer_id == person.pk,
        "bias": holding.bias(person, application, now=now),
        "question": application.requests.filter(closed_at=None).first(),
    }


def evidence(application: Application, *, now: datetime) -> dict[str, Any]:
    """Return findings, host names and the applicant's own words."""
    return {
        "awaited": watch.source_words(application.waiting_for),
        "findings": word_all(application.findings),
        "hosts": names.host_rows(application),
        "names_form": names.names_form(application, now=now),
        "attachments": attachments.shown(application),
        "additions": application.additions.select_related("person"),
        "requests": application.requests.select_related("reviewer"),
        "decisions": application.decisions.select_related("reviewer"),
    }


def prepared(application: Application, person: Person, *, now: datetime) -> dict[str, Any]:
    """Return the certificate-to-be, the comparison, and what may be done."""
    attempts = preparing.attempts(application)
    latest = attempts[0] if attempts else None
    found = comparing.sources(application, latest, now=now)
    return {
        "stage": preparing.stage(application, latest, now=now),
        "latest": latest,
        "lint": word_all(latest.findings) if latest else [],
        "past_attempts": preparing.past(attempts),
        "offers": offers.offers(application, person, latest, now=now),
        "obstacles": offers.obstacles(application, person, latest, now=now),
        "columns": comparing.columns(),
        "rows": comparing.rows(found),
        **shown(found.prepared),
    }


def shown(attempt: PreparedCertificate | None) -> dict[str, Any]:
    """Return the exact certificate in words, and who has approved it."""
    if attempt is None:
        return {}
    return {
        "facts": specimen.facts(attempt),
        "specimen_text": specimen.text(attempt),
        "specimen_pem": specimen.pem(attempt),
        "approvals": approval_state(attempt),
        "approvers": list(approvers(attempt)),
    }


def background(application: Application) -> dict[str, Any]:
    """Return what went before: submissions, earlier orders, certificates, events."""
    submissions = list(application.submissions.select_related("person"))
    return {
        "submissions": submissions,
        "frozen": memory.contents(submissions[-1]) if submissions else [],
        "changes": memory.changes(submissions),
        "earlier": memory.earlier(application),
        "certificates": memory.certificates(application),
        "history": history.history(application),
        "relied": relied.rows(application),
        **relied.certified(application),
    }
