"""The page that follows after a part is saved."""

from django.http import HttpRequest
from django.urls import reverse

from applications.models import Application
from applications.rules import sections
from applications.views.shared.page import check_url, order_url
from applications.views.shared.summary import part_url
from applications.workflow import Status
from certportal.foundation import clock


def after(request: HttpRequest, application: Application, section_id: str) -> str:
    """Return the URL of the next part to fill in, or of the check page if nothing is missing or the
    person came from there. “Save and return” leads to the task list.
    """
    if request.POST.get("then") == "tasks":
        return order_url(application)
    if request.GET.get("from") == "check" or application.status != Status.DRAFT:
        return check_url(application)
    today = clock.day(clock.now())
    missing = [section.id for section in sections.missing(application, on=today)]
    order = [section.id for section in sections.asked(application, on=today)]
    later = [part_id for part_id in missing if order.index(part_id) > order.index(section_id)]
    following = (later or missing)[:1]
    return part_url(application, following[0]) if following else check_url(application)


def of_renewal(draft: Application) -> str:
    """Return the URL that follows for a draft made from an earlier order: the request if only that
    is missing, the check page if nothing is, otherwise the task list.
    """
    missing = [section.id for section in sections.missing(draft, on=clock.day(clock.now()))]
    if not missing:
        return check_url(draft)
    return part_url(draft, "csr") if missing == ["csr"] else order_url(draft)


def names_url(application: Application) -> str:
    """Return the address of the page on the names in the certificate."""
    return reverse("applications:names", args=[application.pk])
