"""Which organisation a session acts for: the one that was chosen, or that a sent form's page had.

A session acts for one organisation, and its tabs may show pages of several: each form has the field
`FIELD` with the person and the organisation of its page (`certportal.web.form_token`), and acts for
that one.
"""

import functools
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from accounts.models import Membership, Organisation, Person
from certportal.foundation.errors import Stale
from certportal.foundation.web.unsent import FIELD, is_anothers

CHOSEN = "organisation"


class NoLongerMember(Stale):
    message = gettext_lazy("You no longer act for the organisation that the page was opened for.")


class PageOfAnother(Stale):
    message = gettext_lazy(
        "Another person was logged in in this browser when the page was opened. Open the page again"
        " as yourself."
    )


def chosen(request: HttpRequest, person: Person) -> Membership | None:
    """Return the membership chosen in this session, or the person's only one, or None."""
    current = memberships(request, person)
    if len(current) == 1:
        return current[0]
    wanted = request.session.get(CHOSEN)
    return next((each for each in current if str(each.organisation_id) == wanted), None)


def memberships(request: HttpRequest, person: Person) -> list[Membership]:
    """Return the person's current memberships, read once if the session's were."""
    known: list[Membership] | None = getattr(request, "memberships", None)
    return list(access.memberships(person)) if known is None else known


def act_for(request: HttpRequest, organisation: Organisation) -> None:
    """Make the organisation the session's chosen one, under a new session id."""
    request.session[CHOSEN] = str(organisation.pk)
    request.session.cycle_key()


def member_required(view: access.View) -> access.View:
    """Admit people who have chosen an organisation to act for; redirect others to choose one."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            _act_as_the_page(request)
        if getattr(request, "organisation", None) is None:
            return access.lead_to("accounts:choose", request)
        return view(request, *args, **kwargs)

    return access.person_required(guarded)


def of_page(person: Person, organisation: Organisation | None) -> str:
    """Return the value of `FIELD` on a page of the person, who acts for the organisation if any."""
    return f"{person.pk}/{organisation.pk if organisation else ''}"


def named(request: HttpRequest) -> Membership | None:
    """Return the person's membership of the organisation that the posted form names, or None."""
    person: Person | None = getattr(request, "person", None)
    wanted = _organisation(request)
    current = memberships(request, person) if person and wanted else []
    return next((each for each in current if str(each.organisation_id) == wanted), None)


def _organisation(request: HttpRequest) -> str:
    return request.POST.get(FIELD, "").partition("/")[2]


def _act_as_the_page(request: Any) -> None:
    """Act for the organisation that the form names, if it is another.

    Raises NoLongerMember, or PageOfAnother if another person opened the page.
    """
    if _organisation(request) in {"", str(request.organisation and request.organisation.pk)}:
        return
    found = named(request)
    if found is None:
        raise PageOfAnother if is_anothers(request) else NoLongerMember
    request.membership, request.organisation = found, found.organisation
    act_for(request, found.organisation)
    messages.info(request, _("You now act for %(name)s.") % {"name": found.organisation})
