"""When somebody was faster, or too much came: what was typed is shown again, nothing is lost."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from applications.errors import Gone
from applications.models import Application
from applications.views.shared.forms import VersionForm
from applications.views.shared.page import order_url, show
from certportal.foundation.errors import Refused, Stale, TooMany
from certportal.foundation.web.forms import Form


def kept(
    request: HttpRequest,
    application: Application,
    form: Form,
    refusal: Refused,
    *,
    now_url: str = "",
) -> dict[str, Any]:
    """Return what the page says of it; the form keeps its answers.

    They are sent the next time against the order as it is now, which `now_url` shows. Raises Gone
    where there is no order any more.
    """
    if isinstance(refusal, Gone):
        raise refusal
    application.refresh_from_db()
    typed = request.POST.copy()
    typed["version"] = str(application.version)
    form.data = typed
    return {"stale": refusal, "now_url": now_url}


def again(
    request: HttpRequest, application: Application, template: str, form: VersionForm, refusal: Stale
) -> HttpResponse:
    """Show the page of the form again, with a link to the order as it is now."""
    context = kept(request, application, form, refusal, now_url=order_url(application))
    return show(request, application, template, status=refusal.status, form=form, **context)


def too_many(page: HttpResponse, refusal: TooMany) -> HttpResponse:
    """Return the page of the form, which says so itself, as the answer to too many requests."""
    page.status_code = refusal.status
    page["Retry-After"] = str(refusal.retry_after)
    return page
