"""The applicant looks after the technical contact's link: sends it again, ends it, renames."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from applications import contact, services, workflow
from applications.errors import NotPossible
from applications.forms.delivery import ContactForm
from applications.kinds import CertificateType
from applications.models import Application, ContactLink
from applications.views import going, stale
from applications.views.entry import acting, order_view, seen_version
from applications.workflow import Action, Role
from certportal.foundation import clock
from certportal.foundation.errors import Stale


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A holder's newest link in words: who, when it was sent, and what has become of it."""

    role: str
    who: str
    sent_at: datetime
    state: str
    lives: bool


def links(application: Application, *, now: datetime) -> list[LinkRow]:
    """Return the newest link of each holder."""
    every = list(application.contact_links.all())
    newest = {link.holder: link for link in every}
    used = {
        link.holder
        for link in every
        if link.bound_at is not None and contact.lives(link, application, now=now)
    }
    return [_row(link, application, link.holder in used, now) for link in newest.values()]


def _row(link: ContactLink, application: Application, used: bool, now: datetime) -> LinkRow:
    lives = contact.lives(link, application, now=now)
    state = _state(link, lives=lives, used=used)
    return LinkRow(link.get_holder_display(), link.email, link.made_at, state, lives)


def _state(link: ContactLink, *, lives: bool, used: bool) -> str:
    if link.not_mine_at is not None:
        return _("The recipient said that the order is not theirs")
    if not lives:
        return _("The link has ended")
    if used and link.bound_at is None:
        return _("The link is in use, and another browser has asked for a new one")
    return _("The link has been opened") if link.bound_at else _("The link has not been opened")


@order_view
@require_http_methods(["GET", "POST"])
def resend(request: HttpRequest, application: Application) -> HttpResponse:
    """Send the links again."""
    if request.method == "POST":
        services.resend_link(application.pk, version=seen_version(request), **acting(request))
        messages.success(request, _("A new link was sent to the technical contact."))
    return redirect(going.order_url(application))


@order_view
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, application: Application) -> HttpResponse:
    """End the links."""
    if request.method == "POST":
        services.revoke_link(application.pk, version=seen_version(request), **acting(request))
        messages.success(request, _("The technical contact's link has been ended."))
    return redirect(going.order_url(application))


@order_view
@require_http_methods(["GET", "POST"])
def rename(request: HttpRequest, application: Application) -> HttpResponse:
    """Name another technical contact while the request is awaited."""
    if not workflow.may(Action.RENAME_CONTACT, application.status, Role.APPLICANT):
        raise NotPossible
    now = clock.now()
    form = ContactForm(application, request.POST or None, today=clock.day(now))
    if request.method != "POST" or not form.is_valid():
        return _show_names(request, application, form)
    try:
        services.rename_contact(
            application.pk, form.values(), version=seen_version(request), **acting(request)
        )
    except Stale as refusal:
        context = stale.kept(
            request, application, form, refusal, now_url=going.order_url(application)
        )
        return _show_names(request, application, form, status=refusal.status, **context)
    messages.success(request, _("A link was sent to the technical contact you named."))
    return redirect(going.order_url(application))


def _show_names(
    request: HttpRequest,
    application: Application,
    form: ContactForm,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "application": application,
        "form": form,
        "is_test": CertificateType(application.type).is_test,
        "back": going.order_url(application),
        **more,
    }
    return render(request, "applications/rename_contact.html", context, status=status)
