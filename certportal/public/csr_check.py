"""The public check of certificate requests: ``/fi/csr/``, without login or cookie."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from applications.checks.wording import word_all
from certportal.foundation import clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.addresses import address_of
from certportal.public.csr_check_forms import DoctorForm
from issuance import services as authority
from issuance.csr import ExpectedNames, Report, remedies


# Without a session no CSRF token (and so no cookie) is needed; `OwnPagesOnly` refuses other sites.
@csrf_exempt
@never_cache
def examine(request: HttpRequest) -> HttpResponse:
    """Show the form for a certificate request, then all findings; nothing is stored."""
    form = DoctorForm(request.POST or None, request.FILES or None, initial={"type": "server"})
    if request.method != "POST" or not form.is_valid():
        if form.is_bound:
            form.keep_file()
        return render(request, "pages/csr.html", {"form": form})
    try:
        report = authority.examine_for_visitor(
            form.data_given(),
            names=form.names(),
            for_server=form.for_server,
            address=address_of(request),
            now=clock.now(),
        )
    except TooMany as refusal:
        form.refuse(refusal)
        return limits.too_many(render(request, "pages/csr.html", {"form": form}), refusal)
    return render(request, "pages/csr_report.html", _context(report, form.names()))


def _context(report: Report, names: ExpectedNames | None) -> dict[str, object]:
    context: dict[str, object] = {
        "report": report,
        "decoded": report.csr,
        "findings": word_all([finding.to_json() for finding in report.findings]),
        "tool": remedies.tool_of(report.csr),
        "visitor": True,
    }
    if names:
        context["instructions"] = remedies.instructions(names)
    return context
