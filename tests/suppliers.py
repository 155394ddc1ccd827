"""Consents to suppliers, given through the real service."""

from datetime import date, timedelta

from accounts.models import Organisation, Person, SupplierConsent
from accounts.services.organisations import consents
from certportal.dev.builders.acts import act
from certportal.foundation import clock


def account_of(person: Person) -> Organisation:
    """Return the account to which the person belongs."""
    return person.memberships.get(ended_at=None).organisation


def consent(customer: Person, supplier: Person, *, until: date | None = None) -> SupplierConsent:
    """Give the supplier's organisation a consent of the customer's, by default for a year.

    `customer` and `supplier` are administrators with one account each.
    """
    last = until or clock.day(clock.now()) + timedelta(days=365)
    return act(customer, consents.give, account_of(customer), account_of(supplier), until=last)
