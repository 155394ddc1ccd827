"""Show a form again with its input when the order has changed meanwhile or a limit is reached."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from applications.errors import Gone, NotPossible
from applications.models import Application
from applications.rules import possible_actions
from applications.views.shared.forms import VersionForm
from applications.views.shared.latest_act import latest_act
from applications.views.shared.page import order_url, show
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Refused, Stale, TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.forms import Form, shown_again


def kept(
    request: HttpRequest,
    application: Application,
    form: Form,
    refusal: Refused,
    *,
    now_url: str = "",
) -> dict[str, Any]:
    """Return the context about the refusal; the form keeps its input, with the present version.

    The next submission is then accepted for the order as it is now, which `now_url` shows. Raises
    Gone if the order no longer exists.
    """
    if isinstance(refusal, Gone):
        raise refusal
    application.refresh_from_db()
    typed = shown_again(request.POST)
    typed["version"] = str(application.version)
    form.data = typed
    return {"stale": refusal, "now_url": now_url}


def again(
    request: HttpRequest,
    application: Application,
    template: str,
    form: VersionForm,
    refusal: Stale | TooMany,
) -> HttpResponse:
    """Show the form again, with a link to the order as it is now if that has changed.

    `template` has the action's name. Where the action is over, the input can only be copied.
    """
    if isinstance(refusal, TooMany):
        form.refuse(refusal)
        return limits.too_many(show(request, application, template, form=form), refusal)
    context = kept(request, application, form, refusal, now_url=order_url(application))
    context["lately"] = latest_act(application)
    try:
        possible_actions.require(Action(template), application, Role.APPLICANT, now=clock.now())
    except NotPossible as over:
        context |= {"stale": over, "over": True}
    return show(request, application, template, status=refusal.status, form=form, **context)
