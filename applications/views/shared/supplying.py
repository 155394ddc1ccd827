"""Access to a supplier's pages: who acts for a supplier with a customer's consent."""

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import access, consents
from accounts.models import Organisation, SupplierConsent
from applications.access import orders_supplied
from applications.models import Application
from applications.views.shared.entry import member_view
from applications.views.shared.rows import with_names
from certportal.foundation import clock


def supplies(request: HttpRequest) -> bool:
    """Return whether the person acts for the chosen organisation as a supplier.

    Looked up once in a request, because the navigation of every page needs it.
    """
    result: bool | None = getattr(request, "supplies", None)
    if result is None:
        person, organisation = access.person_of(request), access.organisation_of(request)
        result = consents.supplies(person, organisation.pk, now=clock.now())
        request.supplies = result  # type: ignore[attr-defined]
    return result


supplier_view = member_view(supplies, "customers")


def received(request: HttpRequest) -> QuerySet[SupplierConsent]:
    person, supplier = access.person_of(request), access.organisation_of(request)
    return consents.received(person, supplier.pk, now=clock.now())


def customers(request: HttpRequest) -> QuerySet[Organisation]:
    organisations = Organisation.objects.filter(pk__in=received(request).values("customer"))
    return organisations.order_by("name", "pk")


def orders(request: HttpRequest) -> QuerySet[Application]:
    """Return the submitted orders of the supplier's customers."""
    person, supplier = access.person_of(request), access.organisation_of(request)
    supplied = orders_supplied(person, supplier.pk, now=clock.now())
    return with_names(supplied.select_related("organisation"))
