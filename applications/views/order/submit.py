"""Check the answers, declare, send; and the page that says it was sent."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.identification.freshness import identified_at
from applications import contents, declarations, services
from applications.errors import Changed, Incomplete, NotStanding
from applications.forms.declarations import DeclarationsForm
from applications.kinds import CertificateType
from applications.models import Application
from applications.naming import names
from applications.ownership import OtherOwner
from applications.services.signing import FRESH, IdentifyAgain, is_fresh
from applications.views import going, summary, tracking, unit
from applications.views.entry import acting, order_view, seen_version
from applications.workflow import Status
from certportal.foundation import clock

# Time to read the page, so that sending does not fail at the last moment.
MARGIN = FRESH / 12
OPEN = {Status.DRAFT, Status.INFO_REQUESTED}


@order_view
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, application: Application) -> HttpResponse:
    """Show everything on one page before it is sent; a double click sends once."""
    if application.status not in OPEN:
        return redirect("applications:sent", application.pk)
    form = DeclarationsForm(
        request.POST or None,
        asked=declarations.asked(application),
        initial={"version": application.version},
    )
    if request.method == "POST" and form.is_valid():
        return _send(request, application, form)
    return _show(request, application, form)


def _send(request: HttpRequest, application: Application, form: DeclarationsForm) -> HttpResponse:
    act = services.submit if application.status == Status.DRAFT else services.resubmit
    try:
        act(
            application.pk,
            person=access.person_of(request),
            declarations=form.declared(),
            language=get_language() or "fi",
            identified_at=identified_at(request),
            version=seen_version(request),
            **acting(request),
        )
    except (Changed, Incomplete) as refusal:
        application.refresh_from_db()
        if application.status not in OPEN:
            return redirect("applications:sent", application.pk)
        return _again(request, application, refusal)
    except IdentifyAgain:
        return _show(request, application, form, status=403)
    except (NotStanding, OtherOwner) as refusal:
        return unit.none_standing(request, application, refusal.reason)
    return redirect("applications:sent", application.pk)


def _again(
    request: HttpRequest, application: Application, refusal: Changed | Incomplete
) -> HttpResponse:
    """Show the order as it is now, with the reason why it was not sent."""
    form = DeclarationsForm(
        asked=declarations.asked(application),
        initial={"version": application.version},
    )
    return _show(request, application, form, status=refusal.status, refusal=refusal)


def _show(
    request: HttpRequest,
    application: Application,
    form: DeclarationsForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    now = clock.now()
    context = {
        "application": application,
        "form": form,
        "is_test": CertificateType(application.type).is_test,
        "is_draft": application.status == Status.DRAFT,
        "parts": summary.parts(application, now=now),
        "missing": [
            (section.title, summary.part_url(application, section.id))
            for section in contents.missing(application, on=clock.day(now))
        ],
        "unwritten": _unwritten(application, now),
        "must_identify": not is_fresh(identified_at(request), now=now + MARGIN),
        "names_url": going.names_url(application),
        **more,
    }
    return render(request, "applications/check.html", context, status=status)


def _unwritten(application: Application, now: datetime) -> list[str]:
    """Return the register's names that a person must still write for the certificate."""
    found = names(application, now=now)
    if found is None:
        return []
    server = CertificateType(application.type).is_server
    asked = (
        [found.organisation] if server or found.unit is None else [found.organisation, found.unit]
    )
    return [name.full for name in asked if name.foreign and name.origin == "open"]


@order_view
@require_safe
def sent(request: HttpRequest, application: Application) -> HttpResponse:
    """Confirm that the order was sent; the page may be bookmarked."""
    if application.submitted_at is None:
        return redirect(going.order_url(application))
    now = clock.now()
    context = {
        "application": application,
        "is_test": CertificateType(application.type).is_test,
        "stages": tracking.stages(application),
        "promise": tracking.promise_words(application, now=now),
    }
    return render(request, "applications/sent.html", context)
