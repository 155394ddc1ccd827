"""The sender's right to act: its evidence, and a reviewer's confirmation."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from accounts.models import Membership, Person, RightDocument
from accounts.right_to_act import has_ended, is_unconfirmed, may_be_confirmed
from accounts.services.rights import documents as documents_rights
from accounts.services.rights.confirm import ConfirmedAlready
from applications import services
from applications.errors import Changed
from applications.models import Application
from applications.rules.sender import right_to_send
from applications.services.reviewer.rights import to_confirm
from applications.views.console.case.forms import RightForm
from applications.views.console.case.identity import identity
from applications.views.console.entry import audits, back_to, case_view, confirmed_lately, kept
from applications.views.shared.entry import by_person
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF


def _sender(_request: HttpRequest, application: Application) -> str:
    """Return whose right it is, and on which order it was asked."""
    sent = application.submission
    given = {"person": sent and sent.person, "number": application.number}
    given["organisation"] = application.organisation.name
    return _("%(person)s, %(organisation)s, order %(number)s") % given


@case_view
@confirmed_lately(gettext_lazy("Confirm the authority to act"), _sender)
def confirm(request: HttpRequest, application: Application) -> HttpResponse:
    """Confirm that whoever sent the order may act for the organisation."""
    right = right_to_send(application)
    if right is None:
        raise Http404
    if not may_be_confirmed(right):
        raise ConfirmedAlready
    documents = list(documents_rights.documents_about(right))
    form = RightForm(
        request.POST or None,
        initial={"version": application.version},
        right=right,
        documents=documents,
        now=clock.now(),
    )
    if not form.is_valid():
        context = _context(request, application, right, form)
        return render(request, "applications/console/right.html", context)
    try:
        if form.cleaned_data["version"] != application.version:
            raise Changed  # somebody else may have sent the order meanwhile
        services.confirm_right(right.pk, **form.given, **by_person(request))
    except ConfirmedAlready:
        raise
    except (Stale, NotAllowed) as refusal:
        right.refresh_from_db()
        context = _context(request, application, right, form)
        context |= kept(request, application, form, refusal)
        form.retype(shown=documents_rights.mark_of(context["documents"], right))
        page = "applications/console/right.html"
        return render(request, page, context, status=refusal.status)
    return back_to(application, request, _("The authority to act has been confirmed."))


def _context(
    request: HttpRequest, application: Application, right: Membership, form: RightForm
) -> dict[str, Any]:
    person, now = access.person_of(request), clock.now()
    return identity(application, person, now=now) | {
        "form": form,
        "right": right,
        "documents": documents_rights.documents_about(right),
        "obstacles": list(to_confirm(right, person, now=now)),
        "asked": application.organisation.administrator_requests.filter(decided_at=None),
    }


@access.reviewers_read
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Download a document about a person's right, and record it."""
    right_document = get_object_or_404(RightDocument, pk=document_id, organisation__isnull=False)
    services.record_right_document_taken(
        right_document.person, right_document.sha256, **access.acting(request)
    )
    return storing.hand_over(right_document.file, right_document.name, PDF)


@access.reviewers_read
def inline(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show a document about a person's right within the page."""
    right_document = get_object_or_404(RightDocument, pk=document_id, organisation__isnull=False)
    if audits(request):
        person, sha256 = right_document.person, right_document.sha256
        services.record_right_document_taken(person, sha256, **access.acting(request))
    return storing.show(right_document.file, right_document.name)


def sender(application: Application, person: Person) -> dict[str, Any]:
    """Return the context about the sender, their right, and whether to offer its confirmation.

    `not_confirmed_by_reader`: this reviewer's obstacles, which another order may cause.
    """
    right, submission = right_to_send(application), application.submission
    unconfirmed = is_unconfirmed(right)
    now = clock.now()
    confirmable = may_be_confirmed(right)
    obstacles = list(to_confirm(right, person, now=now)) if right and confirmable else []
    return {
        "sender": submission and submission.person,
        "right": right,
        "is_unconfirmed": unconfirmed,
        "right_documents": documents_rights.documents_about(right) if right else [],
        "has_ended": has_ended(right, on=clock.day(now)),
        "may_confirm": confirmable and not obstacles,
        "not_confirmed_by_reader": obstacles,
    }
