"""The organisation's domains: the DNS record to publish for each, and the last lookup's result."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from accounts import access
from accounts.models import Organisation, Person
from applications import services
from applications.access import acting as acting_for, domains_seen, may_look_up, sees_all
from applications.models import Domain
from applications.rules import domain_record, domains as rules
from applications.rules.domain_record import Outcome
from applications.views.order.forms.hosts import host_names
from applications.views.shared.entry import applicant_view
from certportal.foundation import clock
from certportal.foundation.web import keyset
from certportal.foundation.web.forms import Form
from certportal.foundation.web.pressed import OnlyPressed

PAGE = 25
LAST_ASKED: keyset.Key = {"asked_at": datetime.fromisoformat, "pk": int}
OUTCOMES = {
    Outcome.PROVEN: (gettext_lazy("Found"), "success", ""),
    Outcome.ABSENT: (
        gettext_lazy("Not found"),
        "warning",
        gettext_lazy(
            "The record is not there yet. A new record may take some hours to appear. It must be at"
            " its own name: what a wildcard (*) gives does not count."
        ),
    ),
    Outcome.EXPIRED: (
        gettext_lazy("Expired"),
        "warning",
        gettext_lazy("The last day given in the record has passed. Give a later one, or none."),
    ),
    Outcome.NO_SUBDOMAINS: (
        gettext_lazy("Not for subdomains"),
        "warning",
        gettext_lazy(
            "A name above this one has a record, but without “scope=subdomains”. Add that, or"
            " publish a record for this very name."
        ),
    ),
    Outcome.OTHER_ACCOUNT: (
        gettext_lazy("Other account"),
        "warning",
        gettext_lazy("The record names another account. Publish the record shown here too."),
    ),
    Outcome.UNREADABLE: (
        gettext_lazy("Cannot be read"),
        "warning",
        gettext_lazy(
            "The record is there but is written wrongly. Copy it again from here. In a zone file"
            " its value is put in quotation marks, since a semicolon begins a comment there."
        ),
    ),
    Outcome.UNANSWERED: (
        gettext_lazy("No answer"),
        "warning",
        gettext_lazy("The domain's name servers did not answer. Look it up again later."),
    ),
    Outcome.BOGUS: (
        gettext_lazy("Not accepted"),
        "error",
        gettext_lazy(
            "The domain's DNSSEC signatures are wrong, so the answer cannot be trusted. Ask the"
            " people who manage the domain's name servers to fix them."
        ),
    ),
}


class DomainForm(Form):
    """The host name to look up."""

    name = forms.CharField(
        label=gettext_lazy("Host name"),
        max_length=300,
        help_text=gettext_lazy(
            "For example erecept.example.fi. One record can cover many names: add the domain they"
            " share, such as example.fi, and publish its record with “scope=subdomains”."
        ),
        error_messages={"required": gettext_lazy("Enter the host name.")},
    )

    def __init__(self, person: Person, organisation: Organisation, *args: Any) -> None:
        """Ask the person on behalf of their organisation."""
        super().__init__(*args)
        self.person, self.organisation = person, organisation

    def clean_name(self) -> str:
        """Return the host name in lower case, validated as in orders, if they may look it up."""
        names = host_names([self.cleaned_data["name"]], of_order=False).names
        if len(names) != 1:
            raise ValidationError(_("Enter one host name at a time."))
        if not may_look_up(self.person, self.organisation.pk, names[0]):
            words = _(
                "Until your authority to act has been confirmed, only the host names of your"
                " own orders are looked up. Write the name into your order first."
            )
            raise ValidationError(words)
        return names[0]


@dataclass(frozen=True, slots=True)
class Row:
    """A domain, the one that proves it or itself, the record to publish, and the state in words."""

    domain: Domain
    found: Domain
    place: str
    record: str
    label: str
    tone: str
    advice: str
    mail: str


@applicant_view
def domains(request: HttpRequest) -> HttpResponse:
    """List the domains, last asked for first; a posted name is added to the list and looked up."""
    if not rules.in_use():
        raise Http404
    person, organisation = access.person_of(request), access.organisation_of(request)
    seen = domains_seen(person, organisation.pk)
    form = DomainForm(person, organisation, request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.request_lookup(organisation, form.cleaned_data["name"], **access.acting(request))
        words = _("The record is being looked up. Load the page again in a moment.")
        messages.success(request, words)
        return redirect("applications:domains")
    page = keyset.page_of(seen, request, LAST_ASKED, most=PAGE, newest=True)
    context: dict[str, Any] = {
        "organisation": organisation,
        "form": form,
        "page": page,
        "rows": list(_rows(page.rows, seen, organisation)),
        "may_forget": sees_all(person, organisation.pk),
        "subdomains": f"; scope={domain_record.SUBDOMAINS}",
        "days": rules.lasts().days,
    }
    return render(request, "applications/domains.html", context)


@access.person_required
def forget(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Remove a domain from the list; a domain of another organisation gives 404."""
    person = access.person_of(request)
    domain = Domain.objects.select_related("organisation").filter(pk=domain_id).first()
    if not rules.in_use() or domain is None or not _may_forget(person, domain):
        raise access.no_page(request, "order")
    if request.method != "POST":
        return OnlyPressed(reverse("applications:domains"))
    services.forget_domain(domain.organisation, domain.pk, **access.acting(request))
    messages.success(request, _("The domain was taken off the list."))
    return redirect("applications:domains")


def _may_forget(person: Person, domain: Domain) -> bool:
    """Whether the person may remove the domain, on whose proof colleagues' orders may rest.

    A host name written in a draft is enough to see a domain, but not to remove it.
    """
    organisation = domain.organisation_id
    return acting_for(person, organisation) is not None and sees_all(person, organisation)


def _rows(
    listed: Sequence[Domain], seen: QuerySet[Domain], organisation: Organisation
) -> Iterable[Row]:
    record = domain_record.text(rules.issuer(), organisation.pk, subdomains=False)
    for domain, found in rules.with_proofs(listed, seen, now=clock.now()):
        label, tone, advice = state(found)
        place = f"{domain_record.LABEL}.{domain.name}"
        text = _(
            "Hello,\n\nplease publish this record in the DNS and leave it there. It shows that our"
            " organisation controls the domain %(name)s; we need it for a server certificate.\n\n"
            "Type: TXT\nName: %(place)s\nValue: %(record)s\n"
        ) % {"name": domain.name, "place": place, "record": record}
        subject = _("DNS record for %(name)s") % {"name": domain.name}
        body = text.replace("\n", "\r\n")  # RFC 6068, section 5
        mail = "mailto:?" + urlencode({"subject": subject, "body": body}, quote_via=quote)
        yield Row(domain, found, place, record, label, tone, advice, mail)


def state(domain: Domain) -> tuple[str, str, str]:
    """Return the outcome of the last lookup in words, its tone, and what to do about it."""
    if not domain.outcome:
        return _("Being looked up"), "info", ""
    label, tone, advice = OUTCOMES[Outcome(domain.outcome)]
    return str(label), tone, str(advice)
