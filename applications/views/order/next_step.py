"""Where the person goes after a part is saved."""

from django.http import HttpRequest
from django.urls import reverse

from applications.models import Application
from applications.rules import sections
from applications.views.shared.page import check_url, order_url
from applications.views.shared.summary import part_url
from applications.workflow import Status
from certportal.foundation import clock


def after(request: HttpRequest, application: Application, section_id: str) -> str:
    """Return the next part to fill in; the check when all is there or it was left for a change.

    Whoever pressed “save and return” comes to the list of tasks.
    """
    if request.POST.get("then") == "tasks":
        return order_url(application)
    if request.GET.get("from") == "check" or application.status != Status.DRAFT:
        return check_url(application)
    today = clock.day(clock.now())
    missing = [section.id for section in sections.missing(application, on=today)]
    order = [section.id for section in sections.asked(application, on=today)]
    later = [one for one in missing if order.index(one) > order.index(section_id)]
    following = (later or missing)[:1]
    return part_url(application, following[0]) if following else check_url(application)


def of_renewal(draft: Application) -> str:
    """Return where a draft made from an earlier order goes on: where only the request is missing,
    to that; where nothing is, to the check; else to the list of tasks.
    """
    missing = [one.id for one in sections.missing(draft, on=clock.day(clock.now()))]
    if not missing:
        return check_url(draft)
    return part_url(draft, "csr") if missing == ["csr"] else order_url(draft)


def names_url(application: Application) -> str:
    """Return the address of the page on the names in the certificate."""
    return reverse("applications:names", args=[application.pk])
