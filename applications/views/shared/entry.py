"""Access to an order: decorators that give 404 to anybody who may not act for its organisation."""

import functools
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase

from accounts import access
from applications.access import acting as acting_for
from applications.access import get_bulk_order, get_for_applicant
from applications.errors import Changed
from applications.views.shared.forms import VersionForm

type View = Callable[..., HttpResponseBase]


def order_view(view: View) -> Callable[..., HttpResponseBase]:
    """Pass the view the order in place of its id."""

    @access.person_required
    @functools.wraps(view)
    def entered(request: HttpRequest, application_id: UUID, **kwargs: Any) -> HttpResponseBase:
        application = get_for_applicant(access.person_of(request), application_id)
        return view(request, application, **kwargs)

    return entered


def bulk_view(view: View) -> Callable[..., HttpResponseBase]:
    """Pass the view the bulk order in place of its id."""

    @access.person_required
    @functools.wraps(view)
    def entered(request: HttpRequest, bulk_order_id: UUID, **kwargs: Any) -> HttpResponseBase:
        bulk_order = get_bulk_order(access.person_of(request), bulk_order_id)
        return view(request, bulk_order, **kwargs)

    return entered


def applicant_view(view: View) -> Callable[..., HttpResponseBase]:
    """Require that the person may order for the chosen organisation; otherwise the page is 404."""

    @access.member_required
    @functools.wraps(view)
    def entered(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        if not may_order(request):
            raise access.no_page(request, "order")
        return view(request, **kwargs)

    return entered


def may_order(request: HttpRequest) -> bool:
    """Return whether the person may order certificates for the chosen organisation."""
    person, organisation = access.person_of(request), access.organisation_of(request)
    return acting_for(person, organisation.pk) is not None


def seen_version(request: HttpRequest) -> int:
    """Return the version that the page of an order or a case showed. Raises Changed without one."""
    form = VersionForm(request.POST)
    if not form.is_valid():
        raise Changed
    version: int = form.cleaned_data["version"]
    return version


def by_person(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments `person`, `actor` and `now` of services."""
    return {"person": access.person_of(request)} | access.acting(request)


def as_seen(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments `version`, `actor` and `now` for changing an order."""
    return {"version": seen_version(request)} | access.acting(request)
