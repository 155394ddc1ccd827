"""Access to the technical contact's pages: by a link bound to the browser, or by membership."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts import access
from applications import services
from applications.access import get_for_technical
from applications.errors import LinkOver
from applications.models import Application, ContactLink
from applications.rules import contact_links
from applications.views.shared.entry import leading_to
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.web import tokens

type View = Callable[..., HttpResponse]

SECRETS = "contact_links"
"""Session key of the secrets of the links bound to this browser, by the links' ids."""


@dataclass(frozen=True, slots=True)
class Seat:
    """An order, the actor, and how to make URLs of its pages (URL namespace `space`, and `key`)."""

    application: Application
    actor: Actor
    space: str
    key: str
    link: ContactLink | None = None

    def url(self, name: str, *more: object) -> str:
        """Return the URL of a page of the order for this reader."""
        return reverse(f"{self.space}:{name}", args=[self.key, *more])


def contact_view(view: View) -> Callable[..., HttpResponseBase]:
    """Pass the view the seat; a link not opened in this browser redirects to its landing page."""

    @never_cache
    @functools.wraps(view)
    def entered(request: HttpRequest, token: str = "", **kwargs: Any) -> HttpResponseBase:
        if not token:
            return by_membership(request, **kwargs)
        link = valid_link(request, token)
        if not is_bound(request, link):
            return redirect("contact:landing", token)
        seat = Seat(link.application, actor_of(request, link), "contact", token, link)
        return seen_by(request, seat, **kwargs)

    @access.person_required
    def by_membership(
        request: HttpRequest, application_id: UUID, **kwargs: Any
    ) -> HttpResponseBase:
        address = access.actor_of(request).address
        application, actor = get_for_technical(
            access.person_of(request), application_id, address=address, now=clock.now()
        )
        seat = Seat(application, actor, "technical", str(application_id))
        return seen_by(request, seat, **kwargs)

    def seen_by(request: HttpRequest, seat: Seat, **kwargs: Any) -> HttpResponse:
        with leading_to(f"{seat.space}:order", seat.key):
            return view(request, seat, **kwargs)

    return entered


def valid_link(request: HttpRequest, token: str) -> ContactLink:
    """Return the token's link. Raises a recorded 404 if it is wrong, LinkOver if it has ended."""
    actor, now = access.actor_of(request), clock.now()
    link = services.find_link(token, address=actor.address, now=now)
    if link is None:
        raise access.not_found(actor, "contact_link", "")
    if not contact_links.is_valid(link, link.application, now=now):
        raise LinkOver
    return link


def actor_of(request: HttpRequest, link: ContactLink) -> Actor:
    return Actor("technical_contact", str(link.pk), access.actor_of(request).address)


def is_bound(request: HttpRequest, link: ContactLink) -> bool:
    secret = request.session.get(SECRETS, {}).get(str(link.pk), "")
    return bool(secret) and tokens.digest(secret) == link.bound_session


def bind(request: HttpRequest, link: ContactLink, secret: str) -> None:
    """Keep the link's secret in this browser's session, under a new session id."""
    request.session[SECRETS] = request.session.get(SECRETS, {}) | {str(link.pk): secret}
    request.session.cycle_key()
