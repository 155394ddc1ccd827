"""The common context and URLs of pages about an order."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from applications.models import Application
from applications.rules import proposed_names
from applications.workflow import Status


def about(application: Application, **more: Any) -> dict[str, Any]:
    """Return the context of every page about the order, with `more`."""
    return {
        "application": application,
        "called": proposed_names.called_beside_status(application),
        "type": application.kind,
        "is_test": application.kind.is_test,
        "is_draft": application.status == Status.DRAFT,
    } | more


def show(
    request: HttpRequest, application: Application, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    """Render a page about the order for its applicant, with a link back; `more` is its context."""
    context = about(application, **{"back": back_url(request, application)} | more)
    return render(request, f"applications/{template}.html", context, status=status)


def check_url(application: Application) -> str:
    return reverse("applications:check", args=[application.pk])


def order_url(application: Application) -> str:
    """Return the address of the order: its tasks while a draft, its progress afterwards."""
    return reverse("applications:order", args=[application.pk])


def back_url(request: HttpRequest, application: Application) -> str:
    """Return the URL of the link back from a part."""
    at_check = request.GET.get("from") == "check"
    return check_url(application) if at_check else order_url(application)
