"""On what the sender's right to act rests, and a reviewer's confirmation of it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.models import Person, RightDocument
from accounts.rights import is_unconfirmed
from accounts.services import confirming, showing
from applications.forms.console import RightForm
from applications.models import Application
from applications.signatory import right_to_send
from applications.views.console.entry import back_to, case_view
from certportal.foundation import clock, storing
from certportal.foundation.documents import PDF


@case_view
@access.reauthentication_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, application: Application) -> HttpResponse:
    """Confirm that whoever sent the order may act for the organisation."""
    right = right_to_send(application)
    if right is None:
        raise Http404
    documents = showing.documents_about(right)
    form = RightForm(
        request.POST or None,
        initial={"version": application.version},
        documents=documents.exists(),
    )
    if not form.is_valid():
        context = {
            "application": application,
            "form": form,
            "right": right,
            "documents": documents,
        }
        return render(request, "applications/console/right.html", context)
    confirming.confirm_right(
        right.pk,
        note=form.cleaned_data["note"],
        by=access.person_of(request),
        actor=access.actor_of(request),
        now=clock.now(),
    )
    return back_to(application, request, _("The right to act has been confirmed."))


@access.reviewer_required
@require_safe
def document(request: HttpRequest, document_id: int) -> HttpResponse:
    """Hand over a document about somebody's right as a file."""
    found = get_object_or_404(RightDocument, pk=document_id)
    return storing.hand_over(found.file, found.name, PDF)


@access.reviewer_required
@require_safe
def inline(request: HttpRequest, document_id: int) -> HttpResponse:
    """Show a document about somebody's right inside the page of the decision."""
    found = get_object_or_404(RightDocument, pk=document_id)
    return storing.show(found.file, found.name, PDF)


def sender(application: Application, person: Person) -> dict[str, Any]:
    """Return who sent the order, on what the right rests, and whether to offer to confirm it."""
    right, submission = right_to_send(application), application.submission
    unconfirmed = is_unconfirmed(right)
    own = access.is_partial(person, application.organisation_id, now=clock.now())
    return {
        "sender": submission and submission.person,
        "right": right,
        "is_unconfirmed": unconfirmed,
        "right_documents": showing.documents_about(right) if right else [],
        "may_confirm": unconfirmed and not own,
    }
