"""Access control: who makes the request, and for which organisations they may act.

Unauthorised people get 404, and the attempt is recorded. It is recorded at once, so call these
functions outside a transaction, where a rollback cannot remove it.
"""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from accounts.disqualification import tied
from accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    Person,
    RightDocument,
    StaffRole,
)
from accounts.right_to_act import is_shown
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    Values,
    compiled_for,
)
from certportal.foundation.database.query_cache import asked_once
from certportal.foundation.errors import NotAllowed
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.web import refusals
from certportal.foundation.web.browsers import came_from
from certportal.foundation.web.queries import kept_path
from certportal.foundation.web.unsent import written

type View = Callable[..., HttpResponseBase]

READING = frozenset({"GET", "HEAD"})
# Session key: when the second factor was last proven (ISO 8601).
SECOND_FACTOR = "second_factor_at"
NEVER = datetime.min.replace(tzinfo=UTC)
# Approving, revoking and changing roles require a second factor proven within this time.
SECOND_FACTOR_LASTS = timedelta(minutes=15)
# A person who was a member of an organisation, or asked to be one, counts as disqualified for this
# long afterwards (hallintolaki 28 §).
ESTRANGED_MONTHS = 12
ESTRANGED = timedelta(days=365 * ESTRANGED_MONTHS // 12)
# A form is shown only if at least this much of SECOND_FACTOR_LASTS is left for filling it in.
TIME_TO_ANSWER = timedelta(minutes=5)


def person_of(request: HttpRequest) -> Person:
    """Return the identified person who makes the request. Raises PermissionDenied if none."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        raise PermissionDenied
    return person


def actor_of(request: HttpRequest) -> Actor:
    """Return the request's actor for events: the person, or an anonymous visitor."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor or Actor("visitor")


def acting(request: HttpRequest) -> dict[str, Any]:
    """Return the keyword arguments ``actor`` and ``now`` of services that change something."""
    return {"actor": actor_of(request), "now": clock.now()}


def organisation_of(request: HttpRequest) -> Organisation:
    """Return the organisation the person has chosen to act for. Raises PermissionDenied if none."""
    organisation: Organisation | None = getattr(request, "organisation", None)
    if organisation is None:
        raise PermissionDenied
    return organisation


@Question
def roles_of(person: Person) -> Asks[frozenset[str]]:
    """Return the kinds of the person's current staff roles."""
    return _roles(person.pk), lambda found: frozenset(kind for (kind,) in found)


@compiled_for(UUID(int=1))
def _roles(person: UUID) -> Values:
    return Values(StaffRole.objects.filter(person=person, ended_at=None).values_list("kind"))


def is_reviewer(person: Person) -> bool:
    """Whether the person currently holds the reviewer's role."""
    return StaffRole.Kind.REVIEWER in roles_of(person)


def reviewer_roles(person: Person | OuterRef) -> QuerySet[StaffRole]:
    """Return the person's current reviewer role, if any; also usable in a subquery."""
    return StaffRole.objects.filter(person=person, ended_at=None, kind=StaffRole.Kind.REVIEWER)


def staff_roles(request: HttpRequest) -> frozenset[str]:
    """Return the kinds of the requester's current staff roles, read once in a request.

    For pages and reading only; a service that changes something reads the roles again.
    """
    person: Person | None = getattr(request, "person", None)
    if person is None:
        return frozenset()
    known: frozenset[str] | None = getattr(request, "staff_roles", None)
    if known is None:
        known = roles_of(person)
        request.staff_roles = known  # type: ignore[attr-defined]
    return known


def is_auditor(person: Person) -> bool:
    """Whether the person currently holds the auditor's role."""
    return StaffRole.Kind.AUDITOR in roles_of(person)


def is_lead(person: Person) -> bool:
    """Whether the person is currently a reviewer and has the role of the reviewers' lead."""
    return {StaffRole.Kind.LEAD, StaffRole.Kind.REVIEWER} <= roles_of(person)


def reads_console(person: Person) -> bool:
    return is_reviewer(person) or is_auditor(person)


def second_factor_at(request: HttpRequest) -> datetime:
    """Return when the second factor was last proven in this session; NEVER if it was not.

    Also NEVER if a clock that was ahead wrote the time: the proof would last as much longer.
    """
    stored = request.session.get(SECOND_FACTOR)
    proven = datetime.fromisoformat(stored) if stored else NEVER
    return proven if proven <= clock.now() + clock.MAY_DIFFER else NEVER


def note_second_factor(request: HttpRequest, now: datetime) -> None:
    """Store that the second factor was proven, under a new session id: the session gains rights."""
    request.session.cycle_key()
    request.session[SECOND_FACTOR] = now.isoformat()


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether the person has a staff role, or the login is a superuser's."""
    user: Any = request.user
    person: Person | None = getattr(request, "person", None)
    return person is not None and (user.is_staff or bool(staff_roles(request)))


def is_member(person: Person, organisation_id: UUID | str) -> bool:
    """Whether the person is currently a member of the organisation, in any role."""
    return current_membership(person, organisation_id) is not None


@asked_once
def current_membership(person: Person, organisation_id: UUID | str) -> Membership | None:
    found: list[Membership] = _membership(person.pk, UUID(str(organisation_id))).alone()
    return found[0] if found else None


@compiled_for(UUID(int=1), UUID(int=2))
def _membership(person: UUID, organisation: UUID) -> Rows:
    current = Membership.objects.filter(person=person, organisation=organisation, ended_at=None)
    return Rows(current, "organisation", "person")


@Question
def is_partial(person: Person, organisation_id: UUID | str, *, now: datetime) -> Asks[bool]:
    """Whether the person is disqualified: tied to the organisation now or within `ESTRANGED`."""
    return tied(person.pk, UUID(str(organisation_id)), now - ESTRANGED), bool


def may_oversee(person: Person, organisation_id: UUID | str, *, now: datetime) -> bool:
    """Whether the person is a reviewer and not disqualified from decisions about the account."""
    return is_reviewer(person) and not is_partial(person, organisation_id, now=now)


def memberships(person: Person) -> QuerySet[Membership]:
    """Return the person's current memberships, ordered by the organisation's name."""
    current = Membership.objects.filter(person=person, ended_at=None)
    return current.select_related("organisation", "person").order_by("organisation__name", "id")


def get_organisation(person: Person, organisation_id: UUID | str) -> Organisation:
    """Return an organisation of which the person is a member; else 404, recorded."""
    membership = current_membership(person, organisation_id)
    if membership is None:
        raise not_found(actor_for(person), "organisation", organisation_id)
    return membership.organisation


def require_administrator(person: Person, organisation_id: UUID) -> Membership:
    """Return the person's membership as a confirmed administrator; else 404, recorded.

    Until a reviewer has confirmed a founder's right, they must not see other people's data.
    """
    membership = current_membership(person, organisation_id)
    if membership is None or not administers(membership):
        raise not_found(actor_for(person), "members", organisation_id)
    return membership


def administers(membership: Membership) -> bool:
    """Whether the member is an administrator whose right to act is confirmed."""
    return membership.role == Membership.Role.ADMINISTRATOR and is_shown(membership)


def get_membership(person: Person, membership_id: int) -> Membership:
    """Return a membership of an account that the person administers; else 404, recorded."""
    found = Membership.objects.filter(pk=membership_id, ended_at=None)
    return of_administered_account(
        found.select_related("person"), person, "membership", membership_id
    )


def get_invitation(person: Person, invitation_id: UUID) -> Invitation:
    """Return an invitation to an account that the person administers; else 404, recorded."""
    found = Invitation.objects.filter(pk=invitation_id)
    return of_administered_account(found, person, "invitation", invitation_id)


def get_join_request(person: Person, request_id: UUID) -> JoinRequest:
    """Return a request to join an account that the person administers; else 404, recorded."""
    found = JoinRequest.objects.filter(pk=request_id).select_related("person")
    return of_administered_account(found, person, "join_request", request_id)


def of_administered_account[Row: Model](
    found: QuerySet[Row], person: Person, name: str, key: object, *, account: str = "organisation"
) -> Row:
    """Return the row found if the person administers its account; else 404, recorded."""
    row = found.select_related(account).first()
    own = current_membership(person, getattr(row, f"{account}_id")) if row else None
    # What is recorded, which the person may read, does not tell whether there is such a row.
    if row is None or own is None or not administers(own):
        raise not_found(actor_for(person), name, key)
    return row


def get_right_document(person: Person, document_id: int) -> RightDocument:
    """Return a document that the person handed in; else 404, recorded."""
    handed_in = RightDocument.objects.exclude(organisation=None)
    found = handed_in.filter(pk=document_id, person=person).first()
    if found is None:
        raise not_found(actor_for(person), "right_document", document_id)
    return found


def actor_for(person: Person, address: str = "") -> Actor:
    """Return the actor that represents the person in events."""
    return Actor("person", str(person.pk), address)


def not_found(actor: Actor, object_type: str, object_id: object) -> Http404:
    """Record an `access.refused` event, or count the attempt, and return the Http404 to raise.

    `object_id` is a key or the name of a page, never text typed by the visitor.
    """
    refusals.record(ServiceEvent.ACCESS_REFUSED, Subject(object_type, object_id), actor=actor)
    return Http404(object_type)


def no_page(request: HttpRequest, object_type: str) -> Http404:
    """Do as `not_found` for the requested page, named by its route, such as `console:queue`."""
    page = request.resolver_match.view_name if request.resolver_match else ""
    return not_found(actor_of(request), object_type, page)


def person_required(view: View) -> View:
    """Admit identified people with a verified e-mail address.

    Others are redirected to log in, or to verify their address.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person: Person | None = getattr(request, "person", None)
        if person is None:
            return lead_to_log_in(request)
        if person.email_verified_at is None:
            return lead_to("accounts:email", request)
        return view(request, *args, **kwargs)

    return guarded


class OnlyReads(NotAllowed):
    message = gettext_lazy("An auditor reads everything here and changes nothing.")


def reviewer_required(view: View) -> View:
    """Admit reviewers, and auditors to read, if their second factor was proven in this session.

    Other people get 404.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person_of(request)
        reviews = StaffRole.Kind.REVIEWER in staff_roles(request)
        if not staff_roles(request):
            raise no_page(request, "console")
        if second_factor_at(request) == NEVER:
            return lead_to("accounts:second_factor", request)
        if not reviews and request.method not in READING:
            raise OnlyReads
        return view(request, *args, **kwargs)

    return person_required(guarded)


def reviewers_read(view: View) -> View:
    """Admit to a page that changes nothing those whom `reviewer_required` admits."""
    return reviewer_required(require_safe(view))


def superuser_required(view: View) -> View:
    """Admit superusers who have proven their second factor; other people get 404."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user: Any = request.user
        if not (user.is_active and user.is_superuser):
            raise no_page(request, "settings")
        if second_factor_at(request) == NEVER:
            return lead_to("accounts:second_factor", request)
        return view(request, *args, **kwargs)

    return person_required(guarded)


def reauthentication_required(view: View) -> View:
    """Admit people whose second factor was proven recently enough; redirect others to prove it."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return lead_to_reauthenticate(request) or view(request, *args, **kwargs)

    return guarded


def lead_to_reauthenticate(request: HttpRequest, *, back: str = "") -> HttpResponseBase | None:
    """Return a redirect to prove the second factor again, or None if the last proof is recent.

    A POST that comes too late is not carried out, and the person is told so. `back`: the page to
    return to, for a URL that only accepts POST.
    """
    sends = request.method == "POST"
    longest = SECOND_FACTOR_LASTS if sends else SECOND_FACTOR_LASTS - TIME_TO_ANSWER
    if clock.now() - second_factor_at(request) <= longest:
        return None
    if sends:
        messages.warning(request, _("Confirm first that it is you. Nothing has been done yet."))
    return lead_to("accounts:second_factor", request, wanted=back or kept_path(request))


def lead_to_log_in(request: HttpRequest) -> HttpResponseBase:
    """Redirect to log in, and from there back to the requested page.

    After a POST the login page says that nothing was saved, and leads back to the page of the form.
    """
    if request.method != "POST":
        return lead_to("accounts:login", request)
    page = urlsplit(came_from(request))
    wanted = page._replace(scheme="", netloc="", fragment="").geturl()
    return lead_to("accounts:login", request, wanted=wanted, unsaved="1")


def lead_to(name: str, request: HttpRequest, *, wanted: str = "", **query: str) -> HttpResponseBase:
    """Redirect to the named page, which leads on to `wanted` (default: the current page).

    Texts that were posted are not lost: the response shows them, to be sent again after that page.
    """
    if request.method == "POST" and (late := written(request)):
        context = {"unsent": late, "first": reverse(name), "back": came_from(request)}
        return render(request, "not_sent.html", context, status=403)
    wanted = wanted or (kept_path(request) if request.method == "GET" else "")
    query |= {"next": wanted} if wanted else {}
    return redirect(f"{reverse(name)}{'?' if query else ''}{urlencode(query)}")
