"""A person's access to their own data: the events about them, and an export."""

from collections.abc import Iterable, Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import (
    AccountDecision,
    Identifier,
    Invitation,
    JoinRequest,
    Membership,
    Person,
    SignOn,
    StaffRole,
    SupplierConsent,
)
from accounts.services.people import second_factor
from certportal.foundation import event_search
from certportal.foundation.models import Event

INVITED = ("organisation__name", "email", "role")
CONSENTED = ("customer__name", "supplier__name", "given_at", "until", "ended_at")


def events_about(person: Person) -> QuerySet[Event]:
    """Return the events of which the person is the actor or the object, newest first."""
    found = Event.objects.filter(reduce(or_, _conditions(person)))
    return found.select_related("origin").order_by("-id")


def page_of_events(person: Person, *, before: int | None, most: int) -> list[Event]:
    """Return the newest events about the person, at most ``most``, older than number ``before``.

    Each condition has its own index lookup, so the number of other people's events does not matter.
    """
    return event_search.newest(_conditions(person), before=before, most=most)


def _conditions(person: Person) -> list[Q]:
    """Return the conditions for an event about the person, each on one key of an index."""
    persons = [person.pk, *person.merged_from.values_list("pk", flat=True)]
    kinds: dict[str, Iterable[object]] = {
        "person": persons,
        "login": person.logins.values_list("pk", flat=True),
        "membership": _memberships(person).values_list("pk", flat=True),
        "administrator_request": person.administrator_requests.values_list("pk", flat=True),
    }
    return [
        *(Q(actor=f"person:{key}") for key in persons),
        *(Q(object_type=kind, object_id=str(key)) for kind, keys in kinds.items() for key in keys),
    ]


def is_by(event: Event, person: Person) -> bool:
    return event.actor == f"person:{person.pk}"


def address_of(event: Event, person: Person) -> str:
    """Return the network address of the person's own act; empty for other people's acts."""
    origin = getattr(event, "origin", None)
    return str(origin.address) if origin is not None and is_by(event, person) else ""


def export(person: Person) -> dict[str, Any]:
    """Return everything this app stores about the person, and every event about them.

    (GDPR, EU 2016/679, articles 15 and 20.) The hashes of identifiers are left out: they tell the
    person nothing.
    """
    rights = {
        "requests_to_join": JoinRequest.objects.filter(_same(person)).values(
            "organisation__name", "asked_at", "settled_at"
        ),
        "invitations_made": Invitation.objects.filter(_same(person, "made_by")).values(
            *INVITED, "made_at", "accepted_at", "revoked_at"
        ),
        "invitations_accepted": Invitation.objects.filter(_same(person, "accepted_by")).values(
            *INVITED, "accepted_at"
        ),
        "requests_for_administration": _asked_to_administer(person),
        "decisions_about_memberships": AccountDecision.objects.filter(
            _same(person, "membership__person")
        ).values("organisation__name", "kind", "reasons", "at"),
        "documents_about_rights": person.right_documents.values(
            "organisation__name", "name", "sha256", "handed_in_at"
        ),
        "permissions_given_to_suppliers": SupplierConsent.objects.filter(
            _same(person, "given_by")
        ).values(*CONSENTED),
        "permissions_of_suppliers_ended": SupplierConsent.objects.filter(
            _same(person, "ended_by")
        ).values(*CONSENTED),
    }
    return {
        "person": _person(person),
        "memberships": [_membership(each) for each in _memberships(person)],
        **{name: list(rows) for name, rows in rights.items()},
        **_access(person),
        "events": [_event(each, person) for each in events_about(person).iterator()],
    }


PREFERRED = ("language", "declined_mails")


def _person(person: Person) -> dict[str, Any]:
    names = ("given_name", "family_name", "email", "email_verified_at", "former_addresses")
    return {
        "id": str(person.pk),
        **{name: getattr(person, name) for name in (*names, *PREFERRED, "created_at")},
        "recognised_by": list(Identifier.objects.filter(_same(person)).values("kind", "added_at")),
        "roles": list(
            StaffRole.objects.filter(_same(person)).values("kind", "granted_at", "ended_at")
        ),
    }


def _access(person: Person) -> dict[str, Any]:
    """Return how the person logs in: logins, sessions and second factors."""
    sessions = SignOn.objects.filter(_same(person)).order_by("-begun_at")
    logins = person.logins.values("date_joined", "is_active", "is_staff", "last_login")
    return {
        "logins": list(logins),
        "sessions": list(sessions.values("begun_at", "seen_at", "ended_at", "browser", "address")),
        "second_factors": [
            {"kind": factor.type, "added_at": factor.created_at, "used_at": factor.last_used_at}
            for login in person.logins.all()
            for factor in second_factor.factors(login)
        ],
    }


def _same(person: Person, path: str = "person") -> Q:
    """Return the condition for rows that name by `path` the person, or one merged into them."""
    return Q((path, person)) | Q((f"{path}__merged_into", person))


def _memberships(person: Person) -> QuerySet[Membership]:
    held = Membership.objects.filter(_same(person))
    return held.select_related("organisation").order_by("begun_at", "pk")


def _membership(membership: Membership) -> dict[str, Any]:
    names = ("role", "basis", "stated_basis", "basis_detail", "basis_note", "confirmed_at")
    values = {
        name: getattr(membership, name)
        for name in (*names, "confirmed_until", "begun_at", "ended_at")
    }
    return {"organisation": membership.organisation.name} | values


def _asked_to_administer(person: Person) -> Iterator[dict[str, Any]]:
    names = ("reason", "asked_at", "granted", "reasons", "decided_at")
    for asked in person.administrator_requests.select_related("organisation", "decided_by"):
        values = {name: getattr(asked, name) for name in names}
        yield {
            "organisation__name": asked.organisation.name,
            **values,
            "taken_back": asked.is_taken_back,
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
