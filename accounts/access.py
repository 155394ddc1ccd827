"""Who asks, and for whom may they act: every view and service learns it here.

Strangers get 404 and leave a refused event behind. These functions stand at the edge of a request
and write that event at once, so call them outside a transaction.
"""

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.models import (
    Invitation,
    JoinRequest,
    Membership,
    Organisation,
    Person,
    RightDocument,
    StaffRole,
)
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.browsers import came_from

type View = Callable[..., HttpResponseBase]

# What the session remembers of the last proof of the second factor.
SECOND_FACTOR = "second_factor_at"
NEVER = datetime.min.replace(tzinfo=UTC)
# Approving, revoking and changing roles want a second factor proven as lately.
FRESH = timedelta(minutes=15)
# Whoever left an organisation as lately may still favour it (hallintolaki 28 §).
ESTRANGED = timedelta(days=365)
# A page that asks for more than a press is shown only with as much time left to answer it.
TIME_TO_ANSWER = timedelta(minutes=5)


def person_of(request: HttpRequest) -> Person:
    """Return the identified person behind the request; PermissionDenied if there is none."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        raise PermissionDenied
    return person


def actor_of(request: HttpRequest) -> Actor:
    """Return the request's actor: the person, or a visitor known by address only."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor or Actor("visitor")


def organisation_of(request: HttpRequest) -> Organisation:
    """Return the organisation the person has chosen to act for; PermissionDenied if none."""
    organisation: Organisation | None = getattr(request, "organisation", None)
    if organisation is None:
        raise PermissionDenied
    return organisation


def is_reviewer(person: Person) -> bool:
    """Whether the person holds the reviewer's role at this moment."""
    return reviewer_roles(person).exists()


def reviewer_roles(person: Person | OuterRef) -> QuerySet[StaffRole]:
    """Return the reviewer's role that the person holds at this moment, if they do."""
    kind = StaffRole.Kind.REVIEWER
    return StaffRole.objects.filter(person=person, ended_at=None, kind=kind)


def second_factor_at(request: HttpRequest) -> datetime:
    """Return when the second factor was last proven in this session; long ago when it was not."""
    stored = request.session.get(SECOND_FACTOR)
    return datetime.fromisoformat(stored) if stored else NEVER


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether the person reviews, or the login may enter the settings admin."""
    user: Any = request.user
    person: Person | None = getattr(request, "person", None)
    return person is not None and (user.is_staff or is_reviewer(person))


def is_member(person: Person, organisation_id: UUID | str) -> bool:
    """Whether the person belongs to the organisation at this moment, in any role."""
    return current_membership(person, organisation_id) is not None


def current_membership(person: Person, organisation_id: UUID | str) -> Membership | None:
    """Return the person's membership of the organisation that has not ended."""
    return memberships(person).filter(organisation_id=organisation_id).first()


def was_member(person: Person, organisation_id: UUID | str, *, since: datetime) -> bool:
    """Whether the person belongs to the organisation, or did at any moment after `since`.

    What a person merged into this one did counts too.
    """
    return late_memberships(person, organisation_id, since=since).exists()


def is_partial(person: Person, organisation_id: UUID | str, *, now: datetime) -> bool:
    """Whether the person belongs to the organisation, or did within the year: others decide."""
    return was_member(person, organisation_id, since=now - ESTRANGED)


def late_memberships(
    person: Person | OuterRef,
    organisation_id: UUID | str | OuterRef,
    *,
    since: datetime | Combinable,
) -> QuerySet[Membership]:
    """Return the memberships that `was_member` asks for."""
    mine = Q(person=person) | Q(person__merged_into=person)
    lately = Q(ended_at=None) | Q(ended_at__gt=since)
    return Membership.objects.filter(mine, lately, organisation_id=organisation_id)


def memberships(person: Person) -> QuerySet[Membership]:
    """Return the person's memberships that have not ended, by the organisation's name."""
    current = Membership.objects.filter(person=person, ended_at=None)
    return current.select_related("organisation").order_by("organisation__name", "id")


def get_organisation(person: Person, organisation_id: UUID | str) -> Organisation:
    """Return an organisation the person belongs to; anybody else gets 404 and is recorded."""
    membership = current_membership(person, organisation_id)
    if membership is None:
        raise not_found(actor_for(person), "organisation", organisation_id)
    return membership.organisation


def require_administrator(person: Person, organisation_id: UUID) -> Membership:
    """Return the person's membership as administrator; anybody else gets 404 and is recorded."""
    membership = current_membership(person, organisation_id)
    if membership is None or membership.role != Membership.Role.ADMINISTRATOR:
        raise not_found(actor_for(person), "members", organisation_id)
    return membership


def get_membership(person: Person, membership_id: int) -> Membership:
    """Return a membership of an account that the person administers; else 404, recorded."""
    found = Membership.objects.select_related("person", "organisation")
    membership = found.filter(pk=membership_id, ended_at=None).first()
    if membership is None:
        raise not_found(actor_for(person), "membership", membership_id)
    require_administrator(person, membership.organisation_id)
    return membership


def get_invitation(person: Person, invitation_id: UUID) -> Invitation:
    """Return an invitation to an account that the person administers; else 404, recorded."""
    found = Invitation.objects.select_related("organisation").filter(pk=invitation_id).first()
    if found is None:
        raise not_found(actor_for(person), "invitation", invitation_id)
    require_administrator(person, found.organisation_id)
    return found


def get_join_request(person: Person, request_id: UUID) -> JoinRequest:
    """Return a request to join an account that the person administers; else 404, recorded."""
    found = JoinRequest.objects.select_related("organisation", "person")
    request = found.filter(pk=request_id).first()
    if request is None:
        raise not_found(actor_for(person), "join_request", request_id)
    require_administrator(person, request.organisation_id)
    return request


def get_right_document(person: Person, document_id: int) -> RightDocument:
    """Return a document that the person handed in themselves; else 404, recorded."""
    found = RightDocument.objects.filter(pk=document_id, person=person).first()
    if found is None:
        raise not_found(actor_for(person), "right_document", document_id)
    return found


def actor_for(person: Person, address: str = "") -> Actor:
    """Return the actor that stands for the person in events."""
    return Actor("person", str(person.pk), address)


def not_found(actor: Actor, object_type: str, object_id: object) -> Http404:
    """Record that the actor asked for what is not theirs, and return the Http404 to raise."""
    events.record(
        "access.refused",
        actor=actor,
        now=clock.now(),
        object_type=object_type,
        object_id=str(object_id)[:64],
        refused=True,
    )
    return Http404(object_type)


def person_required(view: View) -> View:
    """Let in identified persons whose e-mail address is verified; lead the others there."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        person: Person | None = getattr(request, "person", None)
        if person is None:
            return lead_to_log_in(request)
        if person.email_verified_at is None:
            return lead_to("accounts:email", request)
        return view(request, *args, **kwargs)

    return guarded


def member_required(view: View) -> View:
    """Let in persons who have an organisation to act for; lead the others to choose one."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if getattr(request, "organisation", None) is None:
            return lead_to("accounts:choose", request)
        return view(request, *args, **kwargs)

    return person_required(guarded)


def reviewer_required(view: View) -> View:
    """Let in reviewers who proved their second factor; to everybody else there is no page."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_reviewer(person_of(request)):
            raise not_found(actor_of(request), "console", request.path)
        if second_factor_at(request) == NEVER:
            return lead_to("accounts:second_factor", request)
        return view(request, *args, **kwargs)

    return person_required(guarded)


def reauthentication_required(view: View) -> View:
    """Let in those who proved their second factor some minutes ago; have the others do so first."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return lead_to_reauthenticate(request) or view(request, *args, **kwargs)

    return guarded


def lead_to_reauthenticate(request: HttpRequest, *, back: str = "") -> HttpResponseBase | None:
    """Redirect to prove the second factor again, and from there back; None if that is not needed.

    What was posted too late is not done, and the person is told so. `back`: where to return to
    from an address that is only posted to.
    """
    sends = request.method == "POST"
    longest = FRESH if sends else FRESH - TIME_TO_ANSWER
    if clock.now() - second_factor_at(request) <= longest:
        return None
    if sends:
        messages.warning(request, _("Confirm first that it is you. Nothing has been done yet."))
    return lead_to("accounts:second_factor", request, wanted=back or request.get_full_path())


def lead_to_log_in(request: HttpRequest) -> HttpResponseBase:
    """Redirect to log in, and from there back.

    What was posted by somebody who had been logged out meanwhile is lost; they are told so there,
    and come back to the page that they posted from.
    """
    if request.method != "POST":
        return lead_to("accounts:login", request)
    page = urlsplit(came_from(request))
    wanted = page._replace(scheme="", netloc="", fragment="").geturl()
    query = {"unsaved": "1"} | ({"next": wanted} if wanted else {})
    return redirect(f"{reverse('accounts:login')}?{urlencode(query)}")


def lead_to(name: str, request: HttpRequest, *, wanted: str = "") -> HttpResponseBase:
    """Redirect to a page of this app that, once done, leads back to where the person was going."""
    wanted = wanted or (request.get_full_path() if request.method == "GET" else "")
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return redirect(f"{reverse(name)}{query}")
