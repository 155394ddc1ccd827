"""The public check of certificate requests: ``/fi/csr/``, without login or cookie."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from applications.checks.wording import word_all
from applications.models.certificate_types import CertificateType
from applications.rules.certificate_names import LONGEST
from applications.views.order.forms.csr import RequestForm, pasted_text, request_file
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.addresses import address_of
from certportal.foundation.web.file_or_text import FileOrTextForm
from certportal.foundation.web.forms import LinesField, Words, counted, shown_again
from issuance import services as authority
from issuance.csr import ExpectedNames, remedies

TYPES = [
    (kind.value, kind.label) for kind in (CertificateType.SERVER, CertificateType.SYSTEM_SIGNATURE)
]


def _name(label: Words, help_text: Words) -> forms.CharField:
    words = {"max_length": gettext_lazy("Shorten the name to at most %(limit_value)s characters.")}
    field = forms.CharField(
        label=label, help_text=help_text, max_length=LONGEST, required=False, error_messages=words
    )
    return counted(field, most=LONGEST)


class DoctorForm(RequestForm, FileOrTextForm):
    """A CSR as file or text, its purpose, and names for commands that make a correct CSR."""

    nothing = gettext_lazy(
        "Choose a file or paste the certificate request. If you have none yet, give only the names"
        " below: you get the commands that make it."
    )

    type = forms.ChoiceField(
        label=gettext_lazy("What certificate is the request for?"),
        choices=TYPES,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what certificate the request is for.")},
    )
    file = request_file()
    text = pasted_text(gettext_lazy("Or paste the certificate request as text"))
    organisation = _name(
        gettext_lazy("Name of the organisation"),
        gettext_lazy("We write it into the commands for making a valid request."),
    )
    host_names = LinesField(
        label=gettext_lazy("Host names of the server"),
        help_text=gettext_lazy("One on each line. For a server certificate."),
        max_length=8000,
        required=False,
    )
    system_name = _name(
        gettext_lazy("Name of the information system"),
        gettext_lazy("For a system signature certificate."),
    )

    @property
    def for_server(self) -> bool:
        return CertificateType(self.cleaned_data["type"]).has_host_names

    def clean(self) -> dict[str, Any]:
        """Let names alone suffice: their commands make the request."""
        return self.cleaned_data if not self.errors and self.names() else super().clean()

    def names(self) -> ExpectedNames | None:
        """Return the names given, or None if they are not complete enough for commands."""
        given = self.cleaned_data
        hosts = tuple(given["host_names"]) if self.for_server else ()
        system = None if self.for_server else given["system_name"] or None
        if not given["organisation"] or not (hosts or system):
            return None
        return ExpectedNames(
            given["organisation"], dns_names=hosts, common_name=system, source="given"
        )


# Without a session no CSRF token (and so no cookie) is needed; `OwnPagesOnly` refuses other sites.
@csrf_exempt
@never_cache
def examine(request: HttpRequest) -> HttpResponse:
    """Show the form for a certificate request, then all findings; nothing is stored."""
    begun = {"type": "server", "organisation": shown_again(request.GET).get("organisation")}
    form = DoctorForm(request.POST or None, request.FILES or None, initial=begun)
    if request.method != "POST" or not form.is_valid():
        if form.is_bound:
            form.keep_file()
        return render(request, "pages/csr.html", {"form": form})
    names = form.names()
    context: dict[str, object] = {"visitor": True}
    if names:
        context["instructions"] = remedies.instructions(names)
    if not (form.cleaned_data["file"] or form.cleaned_data["text"]):
        return render(request, "pages/csr_commands.html", context)
    try:
        report = authority.examine_for_visitor(
            form.data_given(),
            names=names,
            for_server=form.for_server,
            address=address_of(request),
            now=clock.now(),
        )
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(render(request, "pages/csr.html", {"form": form}), refusal)
    context |= {
        "report": report,
        "file_name": form.file_name,
        "decoded": report.csr,
        "findings": word_all([finding.to_json() for finding in report.findings]),
        "tool": remedies.tool_of(report.csr),
    }
    return render(request, "pages/csr_report.html", context)
