"""Consents to suppliers: giving one, ending it by the customer or the supplier."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.consents import given_by, in_force, last_day, soon
from accounts.event_names import AccountEvent
from accounts.models import BusinessId, Membership, Organisation, Person, SupplierConsent
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
"""No warning is sent about a consent given within this many days: its last day is known."""


class NoSupplier(Refused):
    message = _(
        "No organisation with this business ID has a customer account here whose administrator has"
        " been confirmed. Ask the supplier to set one up, or wait until a reviewer has confirmed"
        " the authority of its administrator."
    )


class OwnSupplier(Refused):
    message = _("This is your own organisation. Enter the business ID of the supplier.")


class DayOutOfRange(Refused):
    def __init__(self, last: date) -> None:
        day = date_format(last, "SHORT_DATE_FORMAT")
        words = _("Choose a last day that is today or later, and at most %(day)s.")
        super().__init__(words % {"day": day})


class ConsentOver(Stale):
    """The consent is not in force any more: it was ended, or its last day has passed."""

    message = _("The permission has ended already.")


def find_supplier(
    business_id: str, customer: Organisation, *, person: Person, now: datetime
) -> Organisation:
    """Return the account to which the customer can give its consent, counting the look-up.

    Raises NoSupplier, OwnSupplier, and TooMany after `MOST_LOOKUPS_AN_HOUR` of one person.
    """
    hour, key = timedelta(hours=1), str(person.pk)
    limits.spend("supplier", key, most=MOST_LOOKUPS_AN_HOUR, per=hour, now=now)
    found = BusinessId.holder(business_id)
    _require_fit(found, customer)
    assert found is not None
    return found


def _require_fit(supplier: Organisation | None, customer: Organisation) -> None:
    """Raise OwnSupplier or NoSupplier unless it is another account with an administrator."""
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

    An earlier consent to it that is in force ends, so that the new last day counts. The supplier's
    administrators are told. Raises OwnSupplier, NoSupplier, DayOutOfRange, and the errors of
    `membership.require_administrator`.
    """
    members.lock_accounts(customer, supplier)
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
    mailing.tell_administrators(supplier, "consent_given", made, now=now)
    return made


@transaction.atomic
def end(consent_id: int, *, by: Person, actor: Actor, now: datetime) -> SupplierConsent:
    """End the consent as the customer's administrator; the supplier's administrators are told.

    Raises ConsentOver and the errors of `membership.require_administrator`.
    """
    consent = _open(consent_id, now)
    members.require_administrator(by, consent.customer_id)
    _end(consent, by, actor, now, by_customer=True)
    return consent


@transaction.atomic
def resign(consent_id: int, *, by: Person, actor: Actor, now: datetime) -> SupplierConsent:
    """End the consent as the supplier's administrator; the customer's administrators are told.

    Raises ConsentOver and the errors of `membership.require_administrator`.
    """
    consent = _open(consent_id, now)
    members.require_administrator(by, consent.supplier_id)
    _end(consent, by, actor, now, by_customer=False)
    return consent


def end_with_account(account: Organisation, *, actor: Actor, now: datetime) -> None:
    """End all consents that the locked account has given or received: it is closed or handed over.

    They are not handed over, because a consent is to a certain organisation. The other sides are
    told, except of consents whose last day has passed.
    """
    own = Q(customer=account) | Q(supplier=account)
    found = SupplierConsent.objects.filter(in_force(now), own).select_for_update(of=["self"])
    # In one order, as two accounts can be suppliers of each other, and both end at once.
    for one in found.select_related("customer", "supplier").order_by("pk"):
        _end(one, None, actor, now, by_customer=one.customer_id == account.pk)


def end_given_by(losing: Collection[Membership], *, actor: Actor, now: datetime) -> None:
    """End what these members of the locked account have given (`given_by`); the suppliers are told.

    The authority has found that they may not act for the customer. Whoever may gives it anew.
    """
    found = given_by(losing, now=now).select_for_update(of=["self"])
    for one in found.select_related("customer", "supplier").order_by("pk"):
        _end(one, None, actor, now, by_customer=True)


def warn_of_ending(*, now: datetime) -> None:
    """Tell both sides once of each consent whose last day is near, except of new ones (NEW_DAYS).

    Consents whose warning was missed on earlier days are included.
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
        mailing.tell_administrators(account, "consent_ending", consent, now=now)


def _open(consent_id: int, now: datetime) -> SupplierConsent:
    found = SupplierConsent.objects.select_for_update(of=["self"])
    consent = found.select_related("customer", "supplier").get(pk=consent_id)
    if consent.ended_at is not None or consent.until < clock.day(now):
        raise ConsentOver
    return consent


def _end(
    consent: SupplierConsent, by: Person | None, actor: Actor, now: datetime, *, by_customer: bool
) -> None:
    """End the consent and tell the side that did not end it: the supplier, if `by_customer`."""
    consent.ended_at, consent.ended_by = now, by
    consent.save(update_fields=["ended_at", "ended_by"])
    name = AccountEvent.CONSENT_ENDED if by_customer else AccountEvent.CONSENT_RESIGNED
    events.record(name, consent, actor, now)
    other = consent.supplier if by_customer else consent.customer
    mailing.tell_administrators(other, "consent_ended", consent, now=now)
