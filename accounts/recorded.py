"""What the service has recorded about a person, for themselves: events in words, and an export."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Person, SignOn
from accounts.services import factors
from certportal.foundation.models import Event

SENTENCES: dict[str, str | Promise] = {
    "person.identified": _("Identified and logged in"),
    "person.logged_out": _("Logged out"),
    "person.logged_out_by_provider": _("Logged out by the identification service"),
    "person.session_ended": _("A session was ended"),
    "person.email_code_asked": _("A code was sent to confirm an email address"),
    "person.email_verified": _("The email address was confirmed"),
    "person.language_chosen": _("The language was chosen"),
    "person.merged": _("Two records of the same person were joined"),
    "second_factor.added": _("A second factor was added"),
    "second_factor.proven": _("Confirmed with the second factor"),
    "second_factor.removed": _("A second factor was removed"),
    "second_factor.reset": _("The second factors were reset"),
    "second_factor.codes_made": _("New recovery codes were made"),
    "staff_role.granted": _("A role of the authority was given"),
    "staff_role.ended": _("A role of the authority was taken away"),
    "login.made_superuser": _("The settings were opened to the login"),
    "login.superuser_ended": _("The settings were closed to the login"),
    "organisation.founded": _("A customer account was founded"),
    "membership.role_changed": _("A role in a customer account was changed"),
    "membership.right_confirmed": _("The right to act for an organisation was confirmed"),
    "membership.removed": _("Removed from a customer account"),
    "membership.left": _("Left a customer account"),
    "administrator_request.made": _("Asked the authority to be made an administrator"),
    "administrator_request.granted": _("A request for a new administrator was granted"),
    "administrator_request.refused": _("A request for a new administrator was refused"),
    "right_document.handed_in": _("A document about the right to act was handed in"),
    "right_document.taken_back": _("A document about the right to act was taken away"),
    "person.virus_refused": _("A document with a virus was refused"),
    "invitation.made": _("An invitation was sent"),
    "invitation.accepted": _("An invitation was accepted"),
    "invitation.revoked": _("An invitation was cancelled"),
    "join_request.made": _("Asked to be invited to a customer account"),
    "access.refused": _("Asked for a page that is not the person's"),
    "application.access_refused": _("Asked for a page that is not the person's"),
}
# What stands further up than this app is told by the kind of thing it was done to.
KINDS: dict[str, str | Promise] = {
    "application": _("Worked on an order"),
    "prepared_certificate": _("Worked on a certificate"),
    "certificate": _("Worked on a certificate"),
    "membership": _("Something was done to a membership"),
    "invitation": _("Worked on an invitation"),
    "person": _("Something was done to the person's record"),
    "login": _("Something was done to the login"),
}
OTHER = _("Something else was done")


def events_about(person: Person) -> QuerySet[Event]:
    """Return what the person did, and what was done to them, the newest first."""
    persons = [person.pk, *person.merged_from.values_list("pk", flat=True)]
    keys = [str(one) for one in persons]
    logins = [str(one) for one in person.logins.values_list("pk", flat=True)]
    own = person.memberships.values_list("pk", flat=True)
    asked = person.administrator_requests.values_list("pk", flat=True)
    found = Event.objects.filter(
        Q(actor__in=[f"person:{key}" for key in keys])
        | Q(object_type="person", object_id__in=keys)
        | Q(object_type="login", object_id__in=logins)
        | Q(object_type="membership", object_id__in=[str(one) for one in own])
        | Q(object_type="administrator_request", object_id__in=[str(one) for one in asked])
    )
    return found.select_related("origin").order_by("-id")


def sentence(event: Event) -> str:
    """Return what happened, in words."""
    return str(SENTENCES.get(event.action) or KINDS.get(event.object_type, OTHER))


def is_by(event: Event, person: Person) -> bool:
    """Whether the person did it themselves."""
    return event.actor == f"person:{person.pk}"


def address_of(event: Event, person: Person) -> str:
    """Return from where the person did it; other people's addresses are not theirs to see."""
    origin = getattr(event, "origin", None)
    return str(origin.address) if origin is not None and is_by(event, person) else ""


def export(person: Person) -> dict[str, Any]:
    """Return everything that is kept about the person in this app, and every event about them.

    (EU 2016/679, articles 15 and 20.) The hash that recognises the person is no readable datum
    and stays here.
    """
    return {
        "person": {
            "id": str(person.pk),
            "given_name": person.given_name,
            "family_name": person.family_name,
            "email": person.email,
            "email_verified_at": person.email_verified_at,
            "language": person.language,
            "created_at": person.created_at,
            "recognised_by": list(person.identifiers.values("kind", "added_at")),
            "roles": list(person.staff_roles.values("kind", "granted_at", "ended_at")),
        },
        "logins": list(person.logins.values("date_joined", "is_active", "is_staff", "last_login")),
        "memberships": [_membership(one) for one in _memberships(person)],
        "requests_to_join": list(
            person.join_requests.values("organisation__name", "asked_at", "settled_at")
        ),
        "requests_for_administration": list(
            person.administrator_requests.values(
                "organisation__name", "reason", "asked_at", "granted", "reasons", "decided_at"
            )
        ),
        "documents_about_rights": list(
            person.right_documents.values("organisation__name", "name", "sha256", "handed_in_at")
        ),
        "sessions": [
            {
                "begun_at": one.begun_at,
                "seen_at": one.seen_at,
                "ended_at": one.ended_at,
                "browser": one.browser,
                "address": one.address,
            }
            for one in SignOn.objects.filter(_same(person)).order_by("-begun_at")
        ],
        "second_factors": [
            {"kind": one.type, "added_at": one.created_at, "used_at": one.last_used_at}
            for login in person.logins.all()
            for one in factors.factors(login)
        ],
        "events": [_event(one, person) for one in events_about(person).iterator()],
    }


def _same(person: Person) -> Q:
    """Return what selects the rows of the person, and of whoever was merged into them."""
    return Q(person=person) | Q(person__merged_into=person)


def _memberships(person: Person) -> QuerySet[Membership]:
    held = Membership.objects.filter(_same(person))
    return held.select_related("organisation").order_by("begun_at", "pk")


def _membership(one: Any) -> dict[str, Any]:
    return {
        "organisation": one.organisation.name,
        "role": one.role,
        "basis": one.basis,
        "stated_basis": one.stated_basis,
        "basis_detail": one.basis_detail,
        "basis_note": one.basis_note,
        "confirmed_at": one.confirmed_at,
        "begun_at": one.begun_at,
        "ended_at": one.ended_at,
    }


def _event(event: Event, person: Person) -> dict[str, Any]:
    return {
        "at": event.at,
        "action": event.action,
        "by": "self" if is_by(event, person) else event.actor.split(":")[0],
        "object": f"{event.object_type}:{event.object_id}",
        "refused": event.refused,
        "address": address_of(event, person),
    }
