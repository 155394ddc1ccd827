"""The papers of an order, for those who may act for its organisation."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from applications import papers
from applications.models import Application
from applications.views.certificates import attachment
from applications.views.entry import order_view


def shown(application: Application) -> dict[str, Any]:
    """Return what the order's page links to; nothing once the personal data has been erased."""
    if application.erased_at is not None:
        return {}
    rejected = papers.last_rejection(application) is not None
    return {
        "receipts": application.submissions.all(),
        "attachments": application.attachments.filter(removed_at=None),
        "decision_url": reverse("applications:decision", args=[application.pk]) if rejected else "",
    }


@order_view
@require_safe
def receipt(request: HttpRequest, application: Application, number: int) -> HttpResponse:
    """Hand over the receipt of one submission."""
    found = application.submissions.filter(number=number).first()
    if found is None or application.erased_at is not None:
        raise Http404
    return attachment(papers.receipt(found))


@order_view
@require_safe
def decision(request: HttpRequest, application: Application) -> HttpResponse:
    """Hand over the decision that rejected the order."""
    found = papers.last_rejection(application)
    if found is None or application.erased_at is not None:
        raise Http404
    return attachment(papers.rejection(found))
