"""Access to an order: decorators that give 404 to anybody who may not act for its organisation."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from accounts import access
from accounts.acting_for import member_required
from accounts.models import Person
from applications.access import acting as acting_for, get_bulk_order, get_for_applicant
from applications.errors import Changed, Gone
from applications.views.shared.forms import VersionForm
from certportal.foundation.errors import Stale

type View = Callable[..., HttpResponseBase]


def _passing(get: Callable[[Person, UUID], object], name: str, page: str) -> Callable[[View], View]:
    """Return the decorator that passes the view what `get` finds, in place of its id `name`.

    `page`: the name of the URL that shows it.
    """

    def decorate(view: View) -> View:
        @access.person_required
        @functools.wraps(view)
        def entered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            key = kwargs.pop(name)
            with leading_to(page, key):
                return view(request, get(access.person_of(request), key), **kwargs)

        return entered

    return decorate


order_view = _passing(get_for_applicant, "application_id", "applications:order")
bulk_view = _passing(get_bulk_order, "bulk_order_id", "applications:bulk_order")


@contextmanager
def leading_to(page: str, key: UUID | str) -> Iterator[None]:
    """Let the page of a refusal for the present state lead to what it is about."""
    try:
        yield
    except Gone:
        raise
    except Stale as refusal:
        refusal.place = reverse(page, args=[key])
        raise


def member_view(may: Callable[[HttpRequest], bool], page: str) -> Callable[[View], View]:
    """Return the decorator that gives 404 for the page to members who may not use it."""

    def decorate(view: View) -> View:
        @member_required
        @functools.wraps(view)
        def entered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not may(request):
                raise access.no_page(request, page)
            return view(request, **kwargs)

        return entered

    return decorate


def may_order(request: HttpRequest) -> bool:
    """Return whether the person may order certificates for the chosen organisation."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    return acting_for(person, organisation.pk) is not None


applicant_view = member_view(may_order, "order")


def seen_version(request: HttpRequest) -> int:
    """Return the version that the page of an order or a case showed. Raises Changed without one."""
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise Changed
    return int(form.cleaned_data["version"])


def by_person(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments `person`, `actor` and `now` of services."""
    return {"person": access.person_of(request)} | access.acting(request)


def as_seen(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments `version`, `actor` and `now` for changing an order."""
    return {"version": seen_version(request)} | access.acting(request)
