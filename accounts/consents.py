"""Reading consents: which suppliers may act as a customer's technician, and who acts for them.

Each query checks that a consent is in force, last day included, so that no task has to end it.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts import access
from accounts.models import Membership, Organisation, Person, SupplierConsent
from accounts.right_to_act import is_shown
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Asks, Question, Values, compiled_for

MOST_MONTHS = 24
"""Months that a consent lasts at most; afterwards the customer may give a new one."""
WARNING_DAYS = 30
"""Days before the last day at which both sides are notified and their pages mark the consent."""


def last_day(now: datetime) -> date:
    """Return the latest day until which a consent may be given now."""
    return clock.add_months(clock.day(now), MOST_MONTHS)


def in_force(now: datetime) -> Q:
    """Return the condition for the consents that hold now."""
    return _in_force_on(clock.day(now))


def _in_force_on(on: date) -> Q:
    return Q(ended_at=None, until__gte=on)


def soon(now: datetime) -> date:
    """Return the latest last day of a consent that counts as ending soon."""
    return clock.day(now) + timedelta(days=WARNING_DAYS)


def received(person: Person, supplier: UUID, *, now: datetime) -> QuerySet[SupplierConsent]:
    """Return the consents that the supplier has, if the person acts for it; else none.

    Members in any role act for it once their right to act is confirmed.
    """
    membership = access.current_membership(person, supplier)
    if membership is None or not is_shown(membership):
        return SupplierConsent.objects.none()
    return SupplierConsent.objects.filter(in_force(now), supplier=supplier)


@Question
def has_customers(supplier: UUID, on: date) -> Asks[bool]:
    """Whether the supplier has a customer's consent that is in force that day."""
    return _consents_of(supplier, on), bool


@compiled_for(UUID(int=1), date.min)
def _consents_of(supplier: UUID, on: date) -> Values:
    found = SupplierConsent.objects.filter(_in_force_on(on), supplier=supplier)
    return Values(found.values_list("pk")[:1])


def supplies(person: Person, supplier: UUID, *, now: datetime) -> bool:
    """Whether the person acts for a supplier that has a customer's consent."""
    # Most organisations have no customers; this saves the other queries for them.
    if not has_customers(supplier, clock.day(now)):
        return False
    return received(person, supplier, now=now).exists()


def supplier_for(person: Person, customer: UUID, *, now: datetime) -> Organisation | None:
    """Return the supplier for which the person acts as the customer's technician, or None.

    If several have the customer's consent, the one that has had it longest.
    """
    own = Membership.objects.filter(person=person, ended_at=None).values("organisation")
    found = SupplierConsent.objects.filter(in_force(now), customer=customer, supplier__in=own)
    for consent in found.select_related("supplier").order_by("given_at", "pk"):
        if received(person, consent.supplier_id, now=now).exists():
            return consent.supplier
    return None


def suppliers(customer: UUID, *, now: datetime) -> list[Organisation]:
    """Return the suppliers that may act for the customer now, by name."""
    found = SupplierConsent.objects.filter(in_force(now), customer=customer)
    by_name = found.select_related("supplier").order_by("supplier__name")
    return [consent.supplier for consent in by_name]


def given_by(losing: Collection[Membership], *, now: datetime) -> QuerySet[SupplierConsent]:
    """Return the consents in force that the members, who lose their right to act, have given.

    If a former membership loses it and the person's current one does not, what the person has given
    since that began stays.
    """
    given = Q(pk=None)
    for member in losing:
        person, customer = member.person.current, member.organisation_id
        theirs = Q(given_by=person) | Q(given_by__merged_into=person)
        current = access.current_membership(person, customer)
        if current is not None and current not in losing and is_shown(current):
            theirs &= Q(given_at__lt=current.begun_at)
        given |= theirs & Q(customer=customer)
    return SupplierConsent.objects.filter(in_force(now), given)


def of_account(account: UUID, *, now: datetime) -> QuerySet[SupplierConsent]:
    """Return the consents in force that the account has given or received."""
    either = Q(customer=account) | Q(supplier=account)
    found = SupplierConsent.objects.filter(in_force(now), either)
    return found.select_related("customer", "supplier", "given_by")


def get_given(person: Person, consent_id: int) -> SupplierConsent:
    """Return a consent of a customer that the person administers; else 404, recorded."""
    return _get(SupplierConsent.objects.all(), person, consent_id, account="customer")


def get_received(person: Person, consent_id: int, *, now: datetime) -> SupplierConsent:
    """Return a consent in force of a supplier that the person administers; else 404, recorded."""
    found = SupplierConsent.objects.filter(in_force(now))
    return _get(found, person, consent_id, account="supplier")


def _get(
    among: QuerySet[SupplierConsent], person: Person, consent_id: int, *, account: str
) -> SupplierConsent:
    found = among.select_related("customer", "supplier").filter(pk=consent_id)
    return access.of_administered_account(
        found, person, "supplier_consent", consent_id, account=account
    )
