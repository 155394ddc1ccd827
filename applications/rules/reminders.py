"""The days on which reminders of an expiring certificate are due, and who takes care of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import (
    DurationField,
    ExpressionWrapper,
    Q,
    Value,
)
from django.db.models.functions import TruncDate
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from accounts import access, consents
from accounts.models import Person
from applications.models import Application
from applications.workflow import ApplicationEvent
from certportal.foundation import clock
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from issuance.models import Certificate

# When reminders are due, as (days, part): that many days before the last day of validity, or when
# 1/part of the validity period is left, whichever is later. See docs/decisions/reminders.md.
REMINDERS = ((60, 3), (30, 6), (14, 12), (7, 24), (1, 24))
FIRST, TO_ADMINISTRATORS, LAST = 0, 2, -1
"""Indexes of the first reminder, the first one also sent to administrators, and the last."""
ENDED = -1
"""Stands for the number of days once a certificate has expired."""
ENDED_LATELY = timedelta(days=7)
"""How long after the expiry its mail is still sent, in case the service was down."""


class NotInForce(Refused):
    message = _("There is no certificate in force here.")


class TooEarly(Refused):
    message = _("It is too early for this: the certificate is not about to expire yet.")


@dataclass(frozen=True, slots=True)
class Seen:
    """The name of the person who takes care of the renewal, and since when."""

    who: str
    at: datetime


def ends_soon(certificate: Certificate, now: datetime) -> bool:
    """Return whether a new certificate should be ordered: from the day of the first reminder.

    Mails, pages and services all go by this, or in queries by `ending_soon`.
    """
    first, last = _life(certificate)
    return last - timedelta(days=days_before(first, last)[FIRST]) <= clock.day(now) <= last


def ending_soon(now: datetime) -> Q:
    """Return the condition for the certificates in force that end soon, as `ends_soon` says."""
    days, part = REMINDERS[FIRST]
    today = clock.day(now)
    first, last = (TruncDate(name, tzinfo=clock.HELSINKI) for name in ("not_before", "not_after"))
    parts_left = ExpressionWrapper((last - Value(today)) * part, output_field=DurationField())
    in_last_part = Q(GreaterThanOrEqual(last - first, parts_left))
    by_tomorrow = Q(not_after__lt=clock.start_of_day(today + timedelta(days=2)))
    within_days = Q(not_after__lt=clock.start_of_day(today + timedelta(days=days + 1)))
    return Certificate.in_force(now) & within_days & (in_last_part | by_tomorrow)


def ended_lately(now: datetime) -> Q:
    """Return the condition for the certificates that have expired lately, and were not revoked."""
    ended = Q(not_after__lte=now, not_after__gt=now - ENDED_LATELY)
    return ended & Q(state=Certificate.State.ISSUED)


def days_before(first: date, last: date) -> list[int]:
    """Return when reminders are due, in days before the last day of validity."""
    life = (last - first).days
    return [min(days, max(life // part, 1)) for days, part in REMINDERS]


def reminder_due(first: date, last: date, today: date) -> int | None:
    """Return the latest reminder due by today, in days before the last day of validity, or None.

    A reminder whose day is not after the first day of validity is never due: it would arrive
    together with the certificate itself.
    """
    all_days = days_before(first, last)
    days = [days for days in all_days if first < last - timedelta(days=days) <= today <= last]
    return min(days, default=None)


def obstacles_to_use(certificate: Certificate | None, *, now: datetime) -> Iterator[Refused]:
    """Yield why the certificate cannot be reported as in use (installed)."""
    revoked = certificate is None or certificate.state != Certificate.State.ISSUED
    if certificate is None or revoked or certificate.not_after <= now:
        yield NotInForce()


def obstacles_to_seeing(certificate: Certificate | None, *, now: datetime) -> Iterator[Refused]:
    """Yield why nobody can report to take care of the renewal."""
    yield from obstacles_to_use(certificate, now=now)
    if certificate is not None and not ends_soon(certificate, now):
        yield TooEarly()


def due_now(certificate: Certificate, now: datetime) -> int | None:
    """Return the reminder due for the certificate now, in days before its last day, or None.

    ENDED once it has expired.
    """
    is_over = certificate.not_after <= now
    return ENDED if is_over else reminder_due(*_life(certificate), clock.day(now))


def reaches_administrators(
    application: Application, certificate: Certificate, due: int, *, now: datetime
) -> bool:
    """Return whether the reminder also goes to the account's administrators.

    Those named in the order may have left, and nobody may read the mailbox. While somebody takes
    care of the renewal, only the last reminder goes to them.
    """
    place = TO_ADMINISTRATORS if seen(application, now=now) is None else LAST
    return due <= days_before(*_life(certificate))[place]


def seen(application: Application, *, now: datetime) -> Seen | None:
    """Return who last reported to take care of the renewal, if they may still act; or None.

    They must be a member of the organisation, or act for a supplier that has its consent. After a
    restore from a backup the event may be missing or exist twice.
    """
    if application.expiry_seen_at is None:
        return None
    about = Event.objects.filter(object_type="application", object_id=str(application.pk))
    reports = about.filter(action=ApplicationEvent.EXPIRY_SEEN, refused=False)
    event = reports.order_by("-id").first()
    kind, _colon, key = event.actor.partition(":") if event else ("", "", "")
    reporter = Person.objects.filter(pk=key).first() if kind == "person" else None
    if event is None or reporter is None:
        return None
    person, customer = reporter.current, application.organisation_id
    if access.is_member(person, customer):
        return Seen(str(person), event.at)
    supplier = consents.supplier_for(person, customer, now=now)
    return Seen(f"{person}, {supplier}", event.at) if supplier is not None else None


def _life(certificate: Certificate) -> tuple[date, date]:
    """Return the first and the last day of its validity."""
    return clock.day(certificate.not_before), clock.day(certificate.not_after)
