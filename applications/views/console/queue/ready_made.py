"""The ready-made views of the queue, and their numbers of cases."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Organisation, Person
from accounts.right_to_act import has_ended, is_unconfirmed, right_of
from applications.models import Application, InformationRequest, RevocationProposal
from applications.models.certificate_types import CertificateType
from applications.rules import case_holder, lapse, queue_order
from applications.workflow import OPEN_CASES, Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Compiled, Number, Values, compiled_for
from certportal.foundation.web.keyset import bounded

type Condition = Callable[[Reader], Q]

SENT = Q(status__in=[status for status in Status if status != Status.DRAFT])
RIGHT = "right"
TEST_TYPES = [kind.value for kind in CertificateType if kind.is_test]
OPEN = Q(status__in=OPEN_CASES)
REVIEWED = Q(status=Status.IN_REVIEW)


@compiled_for(date.min)
def _doubtful(today: date) -> Values:
    """Return the query for sender and organisation of cases whose right to act must be looked at.

    In their accounts somebody's right is unconfirmed, or had a last day; these are few.
    """
    doubtful = Membership.objects.filter(
        Q(basis=Membership.Basis.UNVERIFIED) | Q(confirmed_until__lt=today),
        organisation=OuterRef("organisation"),
    )
    cases = Application.objects.filter(Exists(doubtful), status=Status.IN_REVIEW).order_by()
    sent_by = cases.exclude(type__in=TEST_TYPES).values_list("submission__person", "organisation")
    return Values(sent_by, 2)


@dataclass(frozen=True)
class Reader:
    """The reader of the queue and the time, with data that several views share."""

    person: Person
    now: datetime

    @functools.cached_property
    def without_right(self) -> set[tuple[UUID, UUID]]:
        """The keys of sender and organisation of cases whose sender's right is not confirmed."""
        pairs = set(_doubtful(clock.day(self.now)).alone())
        people = Person.objects.in_bulk([person for person, _organisation in pairs])
        accounts = Organisation.objects.in_bulk([organisation for _person, organisation in pairs])
        return {
            (person, organisation)
            for person, organisation in pairs
            if _lacks(right_of(people[person], accounts[organisation]), self.now)
        }

    def confirms_right(self, case: Application) -> bool:
        """Return whether a reviewer must confirm the sender's right (`right_missing`)."""
        sent = case.submission
        pair = (sent.person_id, case.organisation_id) if sent else None
        is_open = case.status == Status.IN_REVIEW and not case.kind.is_test
        return is_open and pair in self.without_right


NEW_ONES = _("No case is waiting. New ones come here as soon as the automatic checks have passed.")
NOTHING = _("There are no such cases.")


@dataclass(frozen=True, slots=True)
class View:
    """A view: its id in the URL, its label, the condition for its cases (`with_day`), which names
    statuses, and what is said when it has none."""

    id: str
    label: Promise
    holds: Condition
    empty: Promise = NOTHING


def _answered(_reader: Reader) -> Q:
    """Return the condition for cases in review with an answer to a reviewer's request."""
    requests = InformationRequest.objects.filter(application=OuterRef("pk"), cancelled=False)
    return REVIEWED & Q(Exists(requests.exclude(reviewer=None).exclude(closed_at=None)))


def _lapsing(reader: Reader) -> Q:
    """Return the condition for incomplete cases that may lapse within a month."""
    old = Q(status__in=lapse.INCOMPLETE, submitted_at__lt=_lapsing_before(reader.now))
    heard = InformationRequest.objects.filter(application=OuterRef("pk"), closed_at=None)
    return old & ~Q(Exists(heard.filter(is_hearing=True)))  # these do not lapse


def _lapsing_before(now: datetime) -> datetime:
    """Return before when an incomplete case was sent that lapses within a month."""
    return clock.start_of_day(clock.add_months(clock.day(now), 1 - lapse.LAPSE_MONTHS))


def _to_take(reader: Reader) -> Q:
    """Return the condition for cases that `take_next` chooses from, bias left aside."""
    person, now = reader.person, reader.now
    second = queue_order.second_wanted(now) & ~queue_order.approved_by(person, now)
    return queue_order.is_to_take(person, now) | second


def _proposed(_reader: Reader) -> Q:
    waiting = RevocationProposal.objects.filter(application=OuterRef("pk"), closed_at=None)
    return SENT & Q(Exists(waiting))


def right_missing(reader: Reader) -> Q:
    """Return the condition that a reviewer must confirm the sender's right (`rules.sender`)."""
    pairs = Q(pk__in=[])
    for person, organisation in reader.without_right:
        pairs |= Q(submission__person=person, organisation=organisation)
    return REVIEWED & ~Q(type__in=TEST_TYPES) & pairs


def _lacks(right: Membership | None, now: datetime) -> bool:
    return is_unconfirmed(right) or has_ended(right, on=clock.day(now))


VIEWS = (
    View("", _("All open"), lambda _reader: OPEN, NEW_ONES),
    View(
        "second",
        _("Second reviewer needed"),
        lambda reader: queue_order.second_wanted(reader.now),
        _(
            "No case is waiting. One comes here when a reviewer has approved it and another must"
            " approve it too."
        ),
    ),
    View(
        "mine",
        _("Mine"),
        lambda reader: OPEN & Q(reviewer=reader.person),
        _("You have no cases. Take the next one when one is waiting."),
    ),
    View("free", _("Free"), lambda _reader: REVIEWED & case_holder.free(), NEW_ONES),
    View("answered", _("Answered"), _answered),
    View("waiting", _("With the applicant"), lambda _reader: Q(status__in=lapse.INCOMPLETE)),
    View("late", _("Late"), lambda reader: OPEN & Q(queue_day__lt=clock.day(reader.now))),
    View("today", _("Due today"), lambda reader: OPEN & Q(queue_day=clock.day(reader.now))),
    View("lapsing", _("Lapsing"), _lapsing),
    View("revocations", _("Revocations"), _proposed),
    View(RIGHT, _("Authority to confirm"), right_missing),
)
TO_TAKE = View("to_take", _("Take the next case"), _to_take)
"""The cases among which the reviewer's next one is; no view of the list."""
BY_ID = {view.id: view for view in VIEWS}


def cases() -> QuerySet[Application]:
    """Return every submitted application, the earliest promised day first."""
    return queue_order.ordered(Application.objects.filter(SENT))


def numbers(reader: Reader) -> dict[str, Number | Compiled]:
    """Return the queries for the number of cases of each view, by its id."""
    known = {name: number(*_facts(reader)) for name, number in _NUMBERS.items()}
    return known | {RIGHT: _counted(BY_ID[RIGHT], reader)}


def to_take(reader: Reader) -> Compiled:
    """Return the query for the number of cases among which the reviewer's next one is."""
    return _NUMBERS[TO_TAKE.id](*_facts(reader))


def waits(person: Person, now: datetime) -> bool:
    """Whether `take_next` has cases to choose from for the reviewer, bias left aside."""
    return any(to_take(Reader(person, now)).alone())


def _counted(view: View, reader: Reader) -> Number:
    """Return the query for the number of cases.

    The condition of each view has a status. With that of `cases` beside it, PostgreSQL expects too
    few of them and plans longer.
    """
    return bounded(queue_order.with_day(Application.objects.all()).filter(view.holds(reader)))


def _facts(reader: Reader) -> tuple[UUID, datetime, date, datetime]:
    """Return everything about the reader and the time that is a parameter of the conditions."""
    now = reader.now
    return reader.person.pk, now, clock.day(now), _lapsing_before(now)


def _number(view: View) -> Callable[[UUID, datetime, date, datetime], Compiled]:
    return compiled_for(*_facts(Reader(Person(id=UUID(int=1)), datetime(1000, 6, 15, tzinfo=UTC))))(
        lambda person, now, _today, _before: _counted(view, Reader(Person(id=person), now))
    )


# The condition of the other one is longer or shorter by the number of senders.
_NUMBERS = {view.id: _number(view) for view in (*VIEWS, TO_TAKE) if view.id != RIGHT}
