"""Reminders of expiry, lapse and removal: of one order, or of all that are due for a reader.

What is due is decided again when the mail is written: it may have waited for days.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from applications.documents import calendar_entry
from applications.mail.order_matter import Due, Matter, matter_of, named
from applications.models import Application
from applications.rules import lapse, reminders, renewal
from applications.rules.told_together import orders_told
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.mail.mails import Asked
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

MOST_NAMED = 10
"""How many orders the text names; it counts the others, and its size does not grow with them."""
BESIDE = ("organisation", "submission", "reviewer", "bulk_order")

type Rule = Callable[[Sequence[Matter], datetime], Iterator[Due]]


def expiring(matters: Sequence[Matter], now: datetime) -> Iterator[Due]:
    """Yield the orders whose certificates have neither ended nor been renewed."""
    return _unrenewed(matters, Q(not_after__gt=now))


def expired(matters: Sequence[Matter], now: datetime) -> Iterator[Due]:
    """Yield the orders whose certificates have ended, but were neither revoked nor renewed."""
    return _unrenewed(matters, Q(not_after__lte=now))


def _unrenewed(matters: Sequence[Matter], among: Q) -> Iterator[Due]:
    by_key = {str(each.order.pk): each for each in matters}
    issued = Certificate.objects.filter(among, reference__in=by_key, state=Certificate.State.ISSUED)
    pairs = [(by_key[str(one.reference)], one) for one in issued]
    renewed = renewal.renewed_of([(matter.order, one) for matter, one in pairs])
    for matter, one in pairs:
        if one.pk not in renewed:
            yield Due(matter, clock.day(one.not_after), one)


def incomplete(matters: Sequence[Matter], now: datetime) -> Iterator[Due]:
    """Yield the orders that lapse, but none to the holder of a link that has ended."""
    for each in matters:
        day = lapse.last_day_of(each.order)
        if day is not None and (each.link is not None or not each.is_contact):
            yield Due(each, day)


def lapsed(matters: Sequence[Matter], now: datetime) -> Iterator[Due]:
    """Yield the orders that have not been reopened."""
    for each in matters:
        if each.order.status == Status.LAPSED:
            yield Due(each, clock.day(each.order.ended_at or now))


def old_drafts(matters: Sequence[Matter], now: datetime) -> Iterator[Due]:
    """Yield the drafts that are removed soon, since nobody has sent or changed them."""
    today = clock.day(now)
    drafts = [
        each
        for each in matters
        if each.order.status == Status.DRAFT
        and lapse.removal_warning_due(clock.day(each.order.changed_at), today)
    ]
    days = lapse.removal_each([each.order for each in drafts])
    for each in drafts:
        yield Due(each, days[each.order.pk])


def about(rule: Rule) -> Callable[[Asked], Matter | None]:
    """Return the function that finds what an item tells of still, with the soonest as its order."""

    def find(asked: Asked) -> Matter | None:
        found = rule(told_of(asked), asked.now)
        due = sorted(found, key=lambda one: (one.day, one.matter.order.number))
        return replace(due[0].matter, listed=due) if due else None

    return find


def told_of(asked: Asked) -> list[Matter]:
    """Return the orders that the item names, without those that are gone."""
    named_in = Application.objects.filter(pk__in=orders_told(asked.payload))
    found = named_in.select_related(*BESIDE).prefetch_related("host_names", "contact_links")
    return [matter_of(order, asked) for order in found]


def listing(matter: Matter, asked: Asked, *, ends: int = 0) -> dict[str, Any]:
    """Return the context about all that are due; they end `ends` days after the days named."""
    due = matter.listed
    together = {one.matter.order.bulk_order_id for one in due}
    return {
        "count": len(due),
        "listed": [_line(one, asked) for one in due[:MOST_NAMED]],
        "more": len(due[MOST_NAMED:]),
        "days": days_to(due[0].day + timedelta(days=ends), asked),
        "at_once": due[0].day == due[-1].day,
        "on_account": any(one.matter.on_account for one in due),
        "together": any(not one.matter.order.kind.has_mailbox for one in due),
        "alone": any(one.matter.order.kind.has_mailbox for one in due),
        "bulk_order": together.pop() if len(together) == 1 else None,
    }


def _line(one: Due, asked: Asked) -> tuple[str, date, str, reminders.Seen | None]:
    """Return the order in words, its day, its link, and who takes care of its new certificate."""
    link, order = one.matter.link, one.matter.order
    address = reverse("contact:landing", args=[link.token]) if link else ""
    seen = reminders.seen(order, now=asked.now) if one.certificate else None
    return named(order), one.day, address, seen


def days_to(day: date | None, asked: Asked) -> int:
    """Return in how many days the day comes; 0 for none, or if it came while the mail waited."""
    return max((day - clock.day(asked.now)).days, 0) if day is not None else 0


def calendar(matter: Matter) -> Sequence[File]:
    """Return the last days of the certificates as one calendar file."""
    ends = [(one.matter.order, one.certificate) for one in matter.listed if one.certificate]
    return [calendar_entry.last_days(ends)]
