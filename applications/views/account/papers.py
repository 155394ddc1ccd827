"""The papers of an order, for those who may act for its organisation.

A worker makes each paper once; these pages return the stored file, or say that it is being made.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounts import access
from applications import services
from applications.documents import kept_papers
from applications.errors import Erased
from applications.models import Application, Attachment, Decision, Paper
from applications.models.paper import Source
from applications.rules import answers, hearing_documents
from applications.services.system.papers import is_set_aside
from applications.views.shared import not_there
from applications.views.shared.entry import order_view
from applications.views.shared.page import about
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing
from certportal.foundation.files.documents import PDF


def shown(application: Application) -> dict[str, Any]:
    """Return the context with the papers to link to; {} once the personal data is erased."""
    if application.erased_at is not None:
        return {}
    revoked = kept_papers.revoked_certificate(application) is not None
    decided = kept_papers.last_decision(application)
    rejected = decided is not None and decided.kind == Decision.Kind.REJECTED
    # One attached to a draft and never sent must not look as if reviewers had it; those of an
    # unsent answer stand at their part.
    readable = hearing_documents.of_applicant(application)
    kept = [document for document in readable if document.removed_at is None]
    sent = answers.sent_with(application, kept)
    answer = Attachment.Kind.ANSWER
    return {
        "receipts": application.submissions.all(),
        "attachments": [
            document for document in kept if document.kind != answer or document.pk in sent
        ],
        "revocation_url": (
            reverse("applications:revocation_notice", args=[application.pk]) if revoked else ""
        ),
        "decision_url": reverse("applications:decision", args=[application.pk]) if decided else "",
        # The rejection of an order that was taken up again, until another decision is made.
        "overtaken": decided if rejected and application.status != Status.REJECTED else None,
    }


@order_view
@require_safe
def receipt(request: HttpRequest, application: Application, number: int) -> HttpResponse:
    submission = application.submissions.filter(number=number).first()
    if submission is None:
        raise Http404
    return answer(request, application, submission)


@order_view
@require_safe
def decision(request: HttpRequest, application: Application) -> HttpResponse:
    """Download the decision that rejected or approved the order."""
    made_of = kept_papers.last_decision(application)
    if made_of is None:
        raise not_there.no_decision(application)
    return answer(request, application, made_of)


@order_view
@require_safe
def revocation_notice(request: HttpRequest, application: Application) -> HttpResponse:
    """Download the notice that the order's certificate was revoked."""
    made_of = kept_papers.revoked_certificate(application)
    if made_of is None:
        raise not_there.no_certificate_or(application, not_there.NOT_REVOKED)
    return answer(request, application, made_of)


@order_view
@require_safe
def install_sheet(request: HttpRequest, application: Application) -> HttpResponse:
    """Download the instructions for installing the certificate."""
    return answer(request, application, installable(application))


def installable(application: Application) -> Source:
    """Return the source of the installing sheet in the page's language.

    Raises NotPossible if there is none.
    """
    made_of = kept_papers.installable(application, get_language() or "", now=clock.now())
    if made_of is None:
        raise not_there.no_certificate_or(application, not_there.NOT_VALID)
    return made_of


def answer(
    request: HttpRequest,
    application: Application,
    made_of: Source,
    *,
    actor: Actor | None = None,
    back: str = "",
) -> HttpResponse:
    """Return the paper, or a page that looks for it at `?waited` until it is made.

    After waiting, a page that starts the download is returned when the paper is made: a browser
    that downloads a file stays on the previous page, which must not still say that the file is
    being made. `actor` and `back`: who asks, and the URL of the link back, if not the account's.
    Raises Erased.
    """
    if application.erased_at is not None:
        raise Erased
    actor = actor or access.actor_of(request)
    paper = services.want_paper(made_of, actor=actor, now=clock.now())
    waited = "waited" in request.GET
    if paper.made_at is not None and not waited:
        return storing.hand_over(paper.file, paper.name, PDF)
    back = back or reverse("applications:order", args=[application.pk])
    return _waiting(request, about(application, paper=paper, back=back))


def _waiting(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    paper: Paper = base["paper"]
    failed = paper.made_at is None and is_set_aside(paper)
    context = base | {"failed": failed}
    status = 200 if paper.made_at else 503 if failed else 202
    page = render(request, "applications/paper.html", context, status=status)
    if paper.made_at is not None:
        page["Refresh"] = f"0; url={request.path}"  # it works without JavaScript
    return page
