"""Consents to suppliers: giving one, ending it by the customer or the supplier."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.consents import in_force, last_day, soon
from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Organisation, Person, SupplierConsent
from accounts.right_to_act import confirmed_administrators
from accounts.services import mailing
from accounts.services.organisations import membership as members
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Stale
from certportal.foundation.outbox.jobs import for_each
from certportal.foundation.web import limits

MOST_LOOKUPS_AN_HOUR = 30
NEW_DAYS = 7
"""For how long whoever gave a consent is taken to know its last day."""


class NoSupplier(Refused):
    """No account, or none with a confirmed administrator, has the business ID."""

    message = _(
        "No organisation with this business ID has a customer account here whose administrator has"
        " been confirmed. Ask the supplier to set one up first."
    )


class OwnSupplier(Refused):
    """An organisation consents to another one, not to itself."""

    message = _("This is your own organisation. Enter the business ID of the supplier.")


class DayOutOfRange(Refused):
    """The last day is in the past, or later than a consent may last."""

    def __init__(self, last: date) -> None:
        """Name the latest day allowed."""
        day = date_format(last, "SHORT_DATE_FORMAT")
        super().__init__(
            _("Choose a last day that is today or later, and at most %(day)s.") % {"day": day}
        )


class ConsentOver(Stale):
    """The consent holds no more: it was ended, or its last day is over."""

    message = _("The permission has ended already.")


def find_supplier(
    business_id: str, customer: Organisation, *, person: Person, now: datetime
) -> Organisation:
    """Return the account to which the customer can give its consent, counting the look-up.

    Raises NoSupplier, OwnSupplier, and TooMany after `MOST_LOOKUPS_AN_HOUR` of one person.
    """
    hour, mine = timedelta(hours=1), str(person.pk)
    limits.spend("supplier", mine, most=MOST_LOOKUPS_AN_HOUR, per=hour, now=now)
    found = BusinessId.holder(business_id)
    _require_fit(found, customer)
    assert found is not None
    return found


def _require_fit(supplier: Organisation | None, customer: Organisation) -> None:
    """Raise OwnSupplier or NoSupplier unless it is another's account that somebody answers for."""
    if supplier == customer:
        raise OwnSupplier
    if supplier is None or not confirmed_administrators(supplier):
        raise NoSupplier


@transaction.atomic
def give(
    customer: Organisation,
    supplier: Organisation,
    *,
    until: date,
    by: Person,
    actor: Actor,
    now: datetime,
) -> SupplierConsent:
    """Let the supplier act as the customer's technician through the day `until`.

    One that holds already ends, so that the new last day counts. The supplier's administrators
    are told. Raises OwnSupplier, NoSupplier, DayOutOfRange, and the errors of
    `membership.require_administrator`.
    """
    _lock(customer, supplier)
    members.require_administrator(by, customer.pk)
    _require_fit(supplier, customer)
    if not clock.day(now) <= until <= last_day(now):
        raise DayOutOfRange(last_day(now))
    before = SupplierConsent.objects.filter(customer=customer, supplier=supplier, ended_at=None)
    before.update(ended_at=now, ended_by=by)
    made = SupplierConsent.objects.create(
        customer=customer, supplier=supplier, given_by=by, given_at=now, until=until
    )
    events.record(AccountEvent.CONSENT_GIVEN, made, actor, now)
    told = [one.person for one in confirmed_administrators(supplier)]
    mailing.enqueue_for(told, "consent_given", made, now=now)
    return made


@transaction.atomic
def end(consent_id: int, *, by: Person, actor: Actor, now: datetime) -> SupplierConsent:
    """End the consent as the customer's administrator; the supplier's administrators are told.

    Raises ConsentOver and the errors of `membership.require_administrator`.
    """
    consent = _open(consent_id, now)
    members.require_administrator(by, consent.customer_id)
    _end(consent, AccountEvent.CONSENT_ENDED, by, actor, now, tell=consent.supplier)
    return consent


@transaction.atomic
def resign(consent_id: int, *, by: Person, actor: Actor, now: datetime) -> SupplierConsent:
    """End the consent as the supplier's administrator; the customer's administrators are told.

    Raises ConsentOver and the errors of `membership.require_administrator`.
    """
    consent = _open(consent_id, now)
    members.require_administrator(by, consent.supplier_id)
    _end(consent, AccountEvent.CONSENT_RESIGNED, by, actor, now, tell=consent.customer)
    return consent


def end_with_account(account: Organisation, *, actor: Actor, now: datetime) -> None:
    """End what the locked account has given and received: it is closed or handed over.

    A consent names one organisation, and its successor is another. The other sides are told; of
    one that has run out nobody is, for it ended then.
    """
    current = SupplierConsent.objects.filter(in_force(now)).select_for_update(of=["self"])
    current = current.select_related("customer", "supplier")
    for one in current.filter(customer=account):
        _end(one, AccountEvent.CONSENT_ENDED, None, actor, now, tell=one.supplier)
    for one in current.filter(supplier=account):
        _end(one, AccountEvent.CONSENT_RESIGNED, None, actor, now, tell=one.customer)


def warn_of_ending(*, now: datetime) -> None:
    """Tell both sides once of each consent whose last day is near. Whatever is due is found.

    Nobody is told of one that was given within the last days: its last day was chosen then.
    """
    known = now - timedelta(days=NEW_DAYS)
    due = SupplierConsent.objects.filter(in_force(now), warned_at=None, until__lte=soon(now))
    keys = list(due.filter(given_at__lt=known).values_list("pk", flat=True))
    for_each(keys, lambda key: _warn(key, now))


@transaction.atomic
def _warn(consent_id: int, now: datetime) -> None:
    found = SupplierConsent.objects.select_for_update(of=["self"])
    consent = found.select_related("customer", "supplier").get(pk=consent_id)
    if consent.warned_at is not None or consent.ended_at is not None:
        return
    consent.warned_at = now
    consent.save(update_fields=["warned_at"])
    for account in (consent.customer, consent.supplier):
        told = [one.person for one in confirmed_administrators(account)]
        mailing.enqueue_for(told, "consent_ending", consent, now=now)


def _lock(*accounts: Organisation) -> None:
    """Lock the accounts, in one order whoever asks: one may be closed at this moment."""
    keys = [one.pk for one in accounts]
    list(Organisation.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _open(consent_id: int, now: datetime) -> SupplierConsent:
    found = SupplierConsent.objects.select_for_update(of=["self"])
    consent = found.select_related("customer", "supplier").get(pk=consent_id)
    if consent.ended_at is not None or consent.until < clock.day(now):
        raise ConsentOver
    return consent


def _end(
    consent: SupplierConsent,
    name: AccountEvent,
    by: Person | None,
    actor: Actor,
    now: datetime,
    *,
    tell: Organisation,
) -> None:
    consent.ended_at, consent.ended_by = now, by
    consent.save(update_fields=["ended_at", "ended_by"])
    events.record(name, consent, actor, now)
    told = [one.person for one in confirmed_administrators(tell)]
    mailing.enqueue_for(told, "consent_ended", consent, now=now)
