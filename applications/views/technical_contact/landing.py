"""The landing page of a link: the order, by whom and until when; open the link or refuse it."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from applications import services
from applications.models import ContactLink
from applications.rules import contact_links, lapse, proposed_names
from applications.views.shared.page import about
from applications.views.technical_contact.entry import actor_of, bind, is_bound, valid_link
from certportal.foundation import clock


@never_cache
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link is for; a POST opens it in this browser, or mails a new one.

    The page of an ended link does not name the customer, because it may have been forwarded.
    """
    link = valid_link(request, token)
    if request.method != "POST":
        elsewhere = bool(link.bound_session) and not is_bound(request, link)
        context = _context(link, token) | {"elsewhere": elsewhere}
        return render(request, "applications/contact/landing.html", context)
    if is_bound(request, link):
        return redirect("contact:order", token)
    secret = services.open_link(link.pk, actor=actor_of(request, link), now=clock.now())
    if secret is None:
        return render(request, "applications/contact/mailed.html", _mailed(link, token))
    bind(request, link, secret)
    return redirect("contact:order", token)


@never_cache
def not_mine(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for confirmation that the order is not the reader's, and end the link.

    A link opened in another browser cannot be ended here, because it may have been forwarded.
    """
    link = valid_link(request, token)
    if link.bound_session and not is_bound(request, link):
        return redirect("contact:landing", token)
    if request.method != "POST":
        return render(request, "applications/contact/not_mine.html", _context(link, token))
    services.not_mine(link.pk, actor=actor_of(request, link), now=clock.now())
    return render(request, "applications/contact/not_mine_done.html")


def _mailed(link: ContactLink, token: str) -> dict[str, Any]:
    """Return the context with the time of the new link, and when another one can be requested."""
    fresh = contact_links.just_made(link.application, link.holder, now=clock.now())
    at = fresh.made_at if fresh else clock.now()
    return _context(link, token) | {"at": at, "again": at + contact_links.AWAITED}


def _context(link: ContactLink, token: str) -> dict[str, Any]:
    order = link.application
    awaited = proposed_names.are_awaited(order)
    ends = lapse.lapses_on(order)
    last_day = ends and ends - timedelta(days=1)
    return about(
        order,
        token=token,
        last_day=last_day,
        wanted=contact_links.is_awaited(order),
        names_awaited=awaited,
    )
