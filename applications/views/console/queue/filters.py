"""What the queue can be narrowed to, and what it can be searched by."""

from typing import Any

from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet, ModelChoiceFilter

from accounts.models import BusinessId, Person
from accounts.register.identifiers import business_id
from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.views.console.case.forms import FilterForm
from applications.views.console.queue import ready_made
from applications.workflow import OPEN_CASES, Status
from certportal.foundation import clock
from issuance.certificate.plan import serial_hex
from issuance.models import PreparedCertificate

STATUSES = [(value, label) for value, label in Status.choices if value != Status.DRAFT]
ENVIRONMENTS = [
    ("production", pgettext_lazy("environment", "Production")),
    ("test", pgettext_lazy("environment", "Test")),
]

type Cases = QuerySet[Application]


def holders(_request: HttpRequest | None) -> QuerySet[Person]:
    """Return who holds a case that has not ended."""
    held = Application.objects.filter(status__in=OPEN_CASES, reviewer__isnull=False)
    return Person.objects.filter(pk__in=held.values("reviewer")).order_by("family_name")


class QueueFilter(FilterSet):  # django-filter has no annotations
    """Open cases unless a view, a status or a search says otherwise; `person` is the reader."""

    view = ChoiceFilter(
        choices=[(view.id, view.label) for view in ready_made.VIEWS if view.id],
        method="seen",
        label=_("View"),
        widget=HiddenInput,
    )
    q = CharFilter(
        method="search",
        label=_("Search"),
        help_text=_("Order number, business ID, OID, host name or serial number"),
    )
    status = ChoiceFilter(choices=STATUSES, label=_("Status"), empty_label=_("All open"))
    type = ChoiceFilter(
        choices=CertificateType.choices, label=_("Type of certificate"), empty_label=_("All types")
    )
    environment = ChoiceFilter(
        choices=ENVIRONMENTS,
        method="of",
        label=_("Environment"),
        empty_label=_("Both environments"),
    )
    reviewer = ModelChoiceFilter(
        queryset=holders, label=_("Reviewer"), empty_label=_("All reviewers")
    )
    organisation = CharFilter(
        field_name="organisation__name", lookup_expr="icontains", label=_("Organisation")
    )

    class Meta:
        model = Application
        fields: tuple[str, ...] = ()
        form = FilterForm

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        """Keep the reader."""
        super().__init__(*args, **kwargs)
        self.person = person

    def filter_queryset(self, queryset: Cases) -> Cases:
        """Leave out what has ended unless it is asked for."""
        found: Cases = super().filter_queryset(queryset)
        chosen = self.form.cleaned_data
        everything = any(chosen.get(name) for name in ("view", "status", "q"))
        return found if everything else found.filter(status__in=OPEN_CASES)

    def of(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep one environment."""
        tests = Q(type__in=ready_made.TEST_TYPES)
        return queryset.filter(tests if value == "test" else ~tests)

    def seen(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep what a ready-made view holds."""
        return queryset.filter(ready_made.BY_ID[value].holds(self.person, clock.now()))

    def search(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep what any identifier of the case, its organisation or its certificate fits."""
        text = value.strip()
        business = BusinessId.objects.filter(code=business_id(text) or text)
        hosts = HostName.objects.filter(name__icontains=text)
        made = PreparedCertificate.objects.filter(serial__in=serials(text))
        return queryset.filter(
            Q(number__icontains=text)
            | Q(record_oid=text)
            | Q(system_oid=text)
            | Q(organisation__in=business.values("organisation"))
            | Q(pk__in=hosts.values("application"))
            | Q(pk__in=made.values("reference"))
        )


def serials(text: str) -> list[str]:
    """Return the stored forms of a serial number typed in hexadecimal or decimal."""
    bare = text.replace(":", "").replace(" ", "").upper()
    found = [bare] if len(bare) > 10 else []
    if bare.isascii() and bare.isdigit() and len(bare) > 10:
        found.append(serial_hex(int(bare)))
    return found
