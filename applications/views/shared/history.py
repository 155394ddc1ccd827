"""The audit events of a case in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, groupby

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.event_names import AccountEvent
from accounts.models import Organisation, Person
from applications.models import Application, ContactLink
from applications.rules.sender import right_to_send
from applications.rules.void_reasons import void_reason
from applications.workflow import TRANSITIONS, ApplicationEvent, Role, event_of
from certportal.foundation.database.combined_queries import Rows, compiled_for, read_all
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.event_names import ACTORS
from certportal.foundation.models import Event

MOST = 200
"""The most events that a history lists on a page."""
LAST = 2**63 - 1
"""The largest key that an event can have."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event in words; `number` is its key if a receipt of it is offered."""

    text: str
    who: str
    at: datetime
    number: int | None = None


# Events of the right to act on which the order rests.
OF_RIGHT = (
    AccountEvent.MEMBERSHIP_RIGHT_CONFIRMED,
    AccountEvent.MEMBERSHIP_RIGHT_SHOWN,
    AccountEvent.MEMBERSHIP_RIGHT_WITHDRAWN,
)


# Internal actions of reviewers, and every saving of a form, are not shown to the applicant.
HIDDEN = frozenset(
    {
        ApplicationEvent.EDIT,
        ApplicationEvent.CLAIM,
        ApplicationEvent.RELEASE,
        ApplicationEvent.SET_ASIDE,
        ApplicationEvent.HAND_OVER,
        ApplicationEvent.TAKE_OVER,
        ApplicationEvent.NOTE,
        ApplicationEvent.ADD_HEARING_DOCUMENT,
        ApplicationEvent.REMOVE_HEARING_DOCUMENT,
        ApplicationEvent.HEARING_DOCUMENT_TAKEN,
        ApplicationEvent.CERTIFICATE_TAKEN,
        ApplicationEvent.SET_EVIDENCE,
        ApplicationEvent.DROP_EVIDENCE,
        ApplicationEvent.WAIVE,
        ApplicationEvent.WAIVER_CONFIRMED,
        ApplicationEvent.WAIVER_WITHDRAWN,
        ApplicationEvent.CHOOSE_NAMES,
        ApplicationEvent.ACCESS_REFUSED,
        ApplicationEvent.WAIT,
        ApplicationEvent.REVOCATION_PROPOSED,
        ApplicationEvent.REVOCATION_DECLINED,
        ApplicationEvent.REVOCATION_WITHDRAWN,
    }
)
OURS = frozenset(
    {
        ApplicationEvent.START,
        ApplicationEvent.REVOKE,
        ApplicationEvent.INSTALLED,
        ApplicationEvent.EXPIRY_SEEN,
        ApplicationEvent.UPLOAD_CSR,
        ApplicationEvent.CHOOSE_CSR,
        ApplicationEvent.PRIVATE_KEY_REFUSED,
        ApplicationEvent.VIRUS_REFUSED,
        ApplicationEvent.ADD_ATTACHMENT,
        ApplicationEvent.REMOVE_ATTACHMENT,
        *(event_of(action) for action, row in TRANSITIONS.items() if Role.APPLICANT in row.roles),
    }
)


def newest_of(
    application: Application, *, without: Collection[str] = (), before: int | None = None
) -> list[Event]:
    """Return the newest events of the order, and of its sender's right since it was sent.

    They are `MOST`, and one more if there are more. `before`: only those below this key.
    """
    end = LAST if before is None else before
    asked = [_of_order(str(application.pk), list(without), end)]
    right = None if application.kind.is_test else right_to_send(application)
    if right is not None and application.submitted_at is not None:
        asked.append(_of_right(str(right.pk), application.submitted_at, end))
    events = chain(*read_all(*asked))
    return sorted(events, key=lambda event: event.pk, reverse=True)[: MOST + 1]


@compiled_for("order", ["action"], -1)
def _of_order(key: str, without: list[str], before: int) -> Rows:
    of_order = Event.objects.filter(object_type="application", object_id=key, pk__lt=before)
    return Rows(of_order.exclude(Among("action", "text", without)).order_by("-id")[: MOST + 1])


@compiled_for("right", datetime.min.replace(tzinfo=UTC), -1)
def _of_right(key: str, since: datetime, before: int) -> Rows:
    of_right = Event.objects.filter(object_type="membership", object_id=key, pk__lt=before)
    return Rows(of_right.filter(action__in=OF_RIGHT, at__gte=since).order_by("-id")[: MOST + 1])


def history(application: Application) -> list[Line]:
    """Return the events of the case in words, the newest first."""
    return worded(newest_of(application)[:MOST])


def worded(events: Sequence[Event], people: Mapping[str, str] | None = None) -> list[Line]:
    """Return the events in words, in their order; `people`: the names of their actors, if read."""
    people = names_of(event.actor for event in events) if people is None else people
    suppliers = suppliers_of(events)
    lines = [
        Line(word(event), signed(who(event.actor, people), event, suppliers), event.at)
        for event in events
    ]
    same = groupby(lines, key=lambda line: (line.text, line.who))
    return [_counted(list(repeated)) for _pair, repeated in same]


def _counted(repeated: list[Line]) -> Line:
    """Return the newest of consecutive lines with the same text and person, with their number."""
    line, times = repeated[0], len(repeated)
    words = _("%(event)s, %(times)s times") % {"event": line.text, "times": times}
    return line if times == 1 else replace(line, text=words)


def word(event: Event) -> str:
    text = event.words
    approved = event.action == ApplicationEvent.APPROVE
    if approved and event.data.get("given", 0) < event.data.get("wanted", 0):
        return _("The certificate was approved; another approval is needed")
    if event.action == ApplicationEvent.CLAIM and event.data.get("given_to"):
        return _("The case was given to a reviewer")
    to_deputy = event.data.get("holder") == ContactLink.Holder.DEPUTY
    if event.action == ApplicationEvent.LINK_SENT and to_deputy:
        return _("A link was sent to the technical deputy")
    if event.action == ApplicationEvent.RECALL:
        return f"{text}: {void_reason(event.data.get('reason', ''))}"
    return text


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Return the names of the persons among the actors, by their key."""
    return names(people_of(actors))


def people_of(actors: Iterable[str]) -> QuerySet[Person]:
    parts = (actor.partition(":") for actor in actors)
    keys = {key for kind, _colon, key in parts if kind == "person"}
    return Person.objects.filter(pk__in=keys)


def names(people: Iterable[Person]) -> dict[str, str]:
    return {str(person.pk): str(person) for person in people}


def who(actor: str, people: Mapping[str, str]) -> str:
    """Return the name of a person who acted, or the kind of another actor in words."""
    kind, _colon, key = actor.partition(":")
    return people.get(key) or str(ACTORS.get(kind, kind))


def suppliers_of(events: Iterable[Event]) -> dict[str, str]:
    """Return the names of the suppliers on whose behalf persons acted, by key."""
    keys = {event.data["supplier"] for event in events if "supplier" in event.data}
    suppliers = Organisation.objects.filter(pk__in=keys) if keys else ()
    return {str(supplier.pk): supplier.name for supplier in suppliers}


def signed(name: str, event: Event, suppliers: Mapping[str, str]) -> str:
    """Return the person's name with that of the supplier for which they acted, if any."""
    supplier = suppliers.get(event.data.get("supplier", ""))
    return f"{name}, {supplier}" if name and supplier else name


def is_ours(event: Event) -> bool:
    """Return whether the organisation, or a supplier on its behalf, caused the event."""
    return event.action in OURS or "supplier" in event.data
