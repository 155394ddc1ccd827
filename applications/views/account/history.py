"""The history of an order, as its own organisation sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, UUIDField, When
from django.db.models.functions import Cast

from accounts.models import Organisation, Person
from applications.documents.certificate_files import certificate_of
from applications.models import Application
from applications.views.shared.history import (
    HIDDEN,
    MOST,
    Line,
    is_ours,
    names,
    names_of,
    newest_of,
    people_of,
    signed,
    suppliers_of,
    word,
)
from certportal.foundation.events import subject_of
from certportal.foundation.models import Event
from issuance.models import Certificate
from issuance.publication import repository


def events_of(application: Application) -> QuerySet[Event]:
    """Return the events of the order and its certificate that the applicant sees."""
    of_order = Q(object_type="application", object_id=str(application.pk)) & ~Q(action__in=HIDDEN)
    certificate = certificate_of(application)
    return Event.objects.filter(of_order | of_certificate(certificate) if certificate else of_order)


def of_certificate(certificate: Certificate) -> Q:
    """Return the condition for the CA's events about the certificate.

    Refused actions are left out, such as an approval that the CA rejected.
    """
    attempt = subject_of(certificate.prepared)
    signed = subject_of(certificate)
    about = Q(object_type=attempt.type, object_id=str(attempt.id))
    about |= Q(object_type=signed.type, object_id=str(signed.id))
    return about & Q(refused=False)


@dataclass(frozen=True, slots=True)
class Past:
    """A page of an order's history; `older` is the key before which the next page begins."""

    lines: list[Line]
    older: int | None


def history(application: Application, *, before: int | None = None) -> Past:
    """Return the newest events of the order, or of those below the key; reviewers are not named."""
    found = newest_of(application, without=HIDDEN, before=before)
    events = found[:MOST]
    people = names_of(event.actor for event in events if is_ours(event))
    return Past(_lines(events, people), events[-1].pk if len(found) > MOST else None)


@dataclass(frozen=True, slots=True)
class News:
    """A recent event with its order."""

    line: Line
    order: Application


def newest(orders: QuerySet[Application], organisation: Organisation, most: int) -> QuerySet[Event]:
    """Return the `most` newest events of the organisation's orders that the reader sees."""
    # The key of the event is cast, and not that of the order: the order is then found by its index.
    key = Case(When(object_type="application", then=Cast("object_id", UUIDField())))
    about = Event.objects.filter(organisation_id=organisation.pk, object_type="application")
    events = about.alias(order=key).filter(Exists(orders.filter(pk=OuterRef("order"))))
    return events.exclude(action__in=HIDDEN).order_by("-id")[:most]


def people_in(events: Sequence[Event]) -> QuerySet[Person]:
    """Return the persons who acted for the organisation in these events."""
    return people_of(event.actor for event in events if is_ours(event))


def news(
    events: Sequence[Event], orders: Mapping[str, Application], people: Iterable[Person]
) -> list[News]:
    """Return the events in words with their orders; `orders` are by key."""
    lines = zip(_lines(events, names(people)), events, strict=True)
    # A draft may have been discarded between the queries.
    return [News(line, orders[id]) for line, event in lines if (id := event.object_id) in orders]


def certificate_history(certificate: Certificate) -> list[Line]:
    """Return the CA's events about the certificate, newest first."""
    return _lines(list(Event.objects.filter(of_certificate(certificate)).order_by("-id")), {})


def _lines(events: Sequence[Event], people: Mapping[str, str]) -> list[Line]:
    proves, suppliers = repository.log_key() is not None, suppliers_of(events)
    return [
        Line(
            word(event),
            signed(people.get(event.actor.partition(":")[2], ""), event, suppliers),
            event.at,
            event.pk if proves and event.object_type != "membership" else None,
        )
        for event in events
    ]
