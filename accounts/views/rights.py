"""Views of a person's own right to act: its basis, and the documents that show it."""

import functools
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from accounts.acting_for import member_required
from accounts.models import RightDocument
from accounts.right_forms import RightDocumentForm
from accounts.right_to_act import right_of
from accounts.services.rights import documents
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF
from certportal.foundation.web import limits
from certportal.foundation.web.pressed import pressed_on


def document_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Pass the view the person's own document instead of its id; others' documents give 404."""

    @access.person_required
    @functools.wraps(view)
    def entered(request: HttpRequest, document_id: int) -> HttpResponse:
        return view(request, access.get_right_document(access.person_of(request), document_id))

    return entered


@member_required
def right(request: HttpRequest) -> HttpResponse:
    """Show the basis of the right; while a document may show it (better), accept documents."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    own = access.current_membership(person, organisation.pk)
    form = RightDocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _hand_in(request, form):
        messages.success(request, _("The document has been uploaded."))
        return redirect("accounts:right")
    context = {
        "organisation": organisation,
        "form": form,
        "administers": own is not None and access.administers(own),
        "right": right_of(person, organisation),
        "to_show": documents.to_show(person, organisation),
        "handed_in": documents.handed_in(person, organisation),
        "documents": organisation.right_documents.filter(person=person),
    }
    return limited(render(request, "accounts/right.html", context), form)


@document_view
@require_safe
def document(request: HttpRequest, found: RightDocument) -> HttpResponse:
    return storing.hand_over(found.file, found.name, PDF)


@document_view
@pressed_on("accounts:right")
def take_back(request: HttpRequest, found: RightDocument) -> HttpResponse:
    """Delete a document while the right is unconfirmed."""
    documents.take_back(found.pk, **access.acting(request))
    messages.success(request, _("The document has been taken away."))
    return redirect("accounts:right")


def held_for(request: HttpRequest, key: str = "") -> RightDocument | None:
    """Return the document that is held for the form that was sent, or under the key; or None."""
    key = request.POST.get("attached", key)
    return documents.held(access.person_of(request), key, form=_form_of(request))


def hold_document(request: HttpRequest, form: RightDocumentForm) -> None:
    """Hold the file chosen in the form, and show it as attached, whatever becomes of the form."""
    paper = form.upload()
    if paper is None:
        return
    given = {"form": _form_of(request), "instead_of": form.held} | access.acting(request)
    with form.refusals_shown():
        form.show(documents.hold(access.person_of(request), paper, **given))


def _form_of(request: HttpRequest) -> str:
    """Return the name of the page that has the form, with the business ID in its address."""
    page = request.resolver_match
    assert page is not None
    return f"{page.view_name} {page.kwargs['business_id']}"[:80]


def limited(page: HttpResponse, form: RightDocumentForm) -> HttpResponse:
    """Return the page of the form, with the status of the limit that was reached, if any."""
    return limits.too_many(page, form.over) if form.over else page


def _hand_in(request: HttpRequest, form: RightDocumentForm) -> bool:
    person, organisation = access.person_of(request), access.organisation_of(request)
    paper = form.paper()
    assert paper is not None
    with form.refusals_shown():
        documents.hand_in(person, organisation, paper, **access.acting(request))
    return form.is_valid()
