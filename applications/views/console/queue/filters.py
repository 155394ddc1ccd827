"""What the queue can be narrowed to, and what it can be searched by."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts.models import BusinessId, Person
from accounts.register.identifiers import business_id
from applications.models import Application, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import case_holder
from applications.views.console.case.forms import FilterForm
from applications.workflow import ENDED, Status
from certportal.foundation import clock
from issuance.certificate.plan import serial_hex
from issuance.models import PreparedCertificate

TEST_TYPES = [kind.value for kind in CertificateType if kind.is_test]
STATUSES = [(value, label) for value, label in Status.choices if value != Status.DRAFT]
HOLDERS = [("mine", _("Mine")), ("free", _("Free"))]
ENVIRONMENTS = [
    ("production", pgettext_lazy("environment", "Production")),
    ("test", pgettext_lazy("environment", "Test")),
]
NEARNESS = [("late", _("Late")), ("today", _("Due today"))]

type Cases = QuerySet[Application]


class QueueFilter(FilterSet):  # django-filter has no annotations
    """Open cases unless a status or a search says otherwise; `person` is the reader."""

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
        choices=ENVIRONMENTS, method="of", label=_("Environment"), empty_label=_("Both")
    )
    holder = ChoiceFilter(
        choices=HOLDERS, method="held", label=_("Reviewer"), empty_label=_("Anybody")
    )
    due = ChoiceFilter(
        choices=NEARNESS, method="near", label=_("Promised day"), empty_label=_("Any day")
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
        everything = chosen.get("status") or chosen.get("q")
        return found if everything else found.exclude(status__in=ENDED)

    def of(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep one environment."""
        tests = Q(type__in=TEST_TYPES)
        return queryset.filter(tests if value == "test" else ~tests)

    def held(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep the reader's own cases, or those in review that nobody has."""
        if value == "mine":
            return queryset.filter(reviewer=self.person)
        return queryset.filter(case_holder.free(), status=Status.IN_REVIEW)

    def near(self, queryset: Cases, _name: str, value: str) -> Cases:
        """Keep what is late, or what is due today."""
        today = clock.day(clock.now())
        wanted = Q(due_on__lt=today) if value == "late" else Q(due_on=today)
        return queryset.filter(wanted)

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
