"""Host names with their evidence, and names too long for a certificate."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access
from applications import services
from applications.access import get_part
from applications.errors import Changed
from applications.models import Application, HostName, Waiver
from applications.rules import certificate_names, waivers
from applications.views.console.case.forms import EVIDENCE, EvidenceForm, NamesForm
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person, seen_version
from certportal.foundation import clock


@case_view
@require_POST
def evidence(request: HttpRequest, application: Application, host_id: int) -> HttpResponse:
    """Record by what the reviewer saw that the applicant administers the host name."""
    host = get_part(access.actor_of(request), application.host_names.all(), host_id)
    form = EvidenceForm(request.POST, now=clock.now())
    context: dict[str, Any] = {"application": application, "form": form, "host": host}
    if not form.is_valid():
        return render(request, "applications/console/evidence.html", context)
    try:
        given = form.cleaned_data | by_person(request)
        services.set_evidence(application.pk, host.pk, **given)
    except Changed as refusal:
        context |= kept(request, application, form, refusal)
        page = "applications/console/evidence.html"
        return render(request, page, context, status=refusal.status)
    return back_to(application, request, _("The evidence has been recorded."))


@case_view
@require_POST
def choose(request: HttpRequest, application: Application) -> HttpResponse:
    """Choose how names too long for a certificate are shortened."""
    form = names_form(application, now=clock.now(), data=request.POST)
    if form is None or not form.is_valid():
        raise Changed
    services.choose_names(
        application.pk,
        organisation=form.cleaned_data["organisation"],
        unit=form.cleaned_data.get("unit", ""),
        version=seen_version(request),
        **by_person(request),
    )
    return back_to(application, request, _("The names were chosen; the certificate is prepared."))


def names_form(application: Application, *, now: datetime, data: Any = None) -> NamesForm | None:
    """Return the choice of spellings, or None when the register's names fit as they are."""
    found = certificate_names.names(application, now=now)
    if found is None:
        return None
    certified = found.certified(application.kind)
    if all(part.origin == "long_name" for part in certified.values()):
        return None
    initial = {"version": application.version}
    return NamesForm(
        data, organisation=certified["O"], unit=certified.get("OU"), initial=initial, prefix=None
    )


def host_rows(application: Application, *, now: datetime) -> list[dict[str, Any]]:
    """Return each host name with its evidence in words and the form to record it.

    `waiver` is what makes the applicant's declaration alone enough, if it is in force.
    """
    words = dict(EVIDENCE)
    hosts = list(application.host_names.select_related("evidenced_by"))
    declared = [waivers.host_declared(one.name) for one in hosts]
    covers = waivers.covering_each(application, declared, on=clock.day(now))
    return [
        {
            "host": host,
            "evidence": words.get(HostName.Evidence(host.evidence)) if host.evidence else "",
            "waiver": waiver,
            "is_weak": host.evidence == HostName.Evidence.DECLARED,
            "form": _evidence_form(application, host, waiver, now),
        }
        for host, waiver in zip(hosts, covers, strict=True)
    ]


def _evidence_form(
    application: Application, host: HostName, waiver: Waiver | None, now: datetime
) -> EvidenceForm:
    """Return the host's form; ids differ by host so that labels find their fields.

    It begins with what was recorded, also with the last day of the declaration.
    """
    is_weak = host.evidence == HostName.Evidence.DECLARED
    initial = {
        "version": application.version,
        "evidence": host.evidence,
        "note": host.evidence_note,
        "ends_on": waiver.ends_on if is_weak and waiver else None,
    }
    return EvidenceForm(initial=initial, now=now, auto_id=f"host_{host.pk}_%s")
