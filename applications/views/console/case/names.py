"""Record evidence for host names, and choose shortenings of names too long for a certificate."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts import access
from applications import services
from applications.access import get_part
from applications.errors import Changed
from applications.models import Application, HostName, Waiver
from applications.rules import certificate_names, waivers
from applications.services.reviewer.may_act import Case
from applications.views.console.case.forms import EVIDENCE, EvidenceForm, NamesForm
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person
from applications.workflow import ENDED, Action, Status
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import NotAllowed, Stale
from certportal.foundation.web.pressed import pressed_on
from issuance.models import Certificate


@case_view
@pressed_on("console:case", "application_id")
def evidence(request: HttpRequest, application: Application, host_id: int) -> HttpResponseBase:
    """Record the evidence that the applicant administers a host name, or `several`.

    With `approve` it continues to the approval if nothing else is missing.
    """
    host = get_part(access.actor_of(request), application.host_names.all(), host_id)
    hosts = list(application.host_names.all()) if "several" in request.POST else [host]
    form = EvidenceForm(request.POST, hosts=hosts, now=clock.now())
    context: dict[str, Any] = {"application": application, "form": form, "hosts": hosts}
    page = "applications/console/evidence.html"
    if not form.is_valid():
        return render(request, page, context)
    arguments: dict[str, Any] = {"hosts": [host.pk]} | form.cleaned_data | by_person(request)
    try:
        recorded = services.set_evidence(application.pk, *arguments.pop("hosts"), **arguments)
    except (Stale, NotAllowed) as refusal:
        context |= kept(request, application, form, refusal)
        return render(request, page, context, status=refusal.status)
    case = Case(recorded, arguments["person"], now=arguments["now"])
    if "approve" in request.POST and Action.APPROVE in case.actions():
        messages.success(request, _("The evidence has been recorded."))
        return redirect("console:approve", application.pk)
    return back_to(application, request, _("The evidence has been recorded."))


@case_view
@pressed_on("console:case", "application_id")
def choose(request: HttpRequest, application: Application) -> HttpResponse:
    """Choose how names too long for a certificate are shortened."""
    form = names_form(application, now=clock.now(), data=request.POST)
    if form is None or not form.is_valid():
        raise Changed
    arguments: dict[str, Any] = {"unit": ""} | form.cleaned_data | by_person(request)
    try:
        services.choose_names(application.pk, **arguments)
    except (Stale, NotAllowed) as refusal:
        context = {"application": application, "form": form}
        context |= kept(request, application, form, refusal)
        page = "applications/console/names.html"
        return render(request, page, context, status=refusal.status)
    return back_to(application, request, _("The names were chosen; the certificate is prepared."))


def names_form(application: Application, *, now: datetime, data: Any = None) -> NamesForm | None:
    """Return the form with the spellings, or None if the register's names fit unchanged."""
    order_names = certificate_names.names(application, now=now)
    if order_names is None:
        return None
    certified = order_names.certified(application.kind)
    if all(part.origin == "long_name" for part in certified.values()):
        return None
    initial = {"version": application.version}
    return NamesForm(
        data, organisation=certified["O"], unit=certified.get("OU"), initial=initial, prefix=None
    )


class Seen(NamedTuple):
    """The evidence recorded for a host name on an earlier order, which has this number and key."""

    evidence: str
    note: str
    number: str
    order: UUID
    at: datetime

    @property
    def words(self) -> Promise | str:
        return dict(EVIDENCE)[HostName.Evidence(self.evidence)]


def evidence_of_hosts(application: Application, *, now: datetime) -> dict[str, Any]:
    """Return the context of the host names: a row for each, and a form for those without evidence.

    A row has the evidence in words and the form to change it; `waiver` is the waiver in force that
    accepts the applicant's declaration as only evidence, `earlier` the evidence on earlier orders
    of a host name that has none yet. The initial evidence of the form for all is the earlier one,
    if it was the same for all.
    """
    words = dict(EVIDENCE)
    named = list(application.host_names.all())
    weak = [host for host in named if host.evidence == HostName.Evidence.DECLARED]
    declared = [waivers.host_declared(host.name) for host in weak]
    covers = waivers.covering_each(application, declared, on=clock.day(now))
    waiver_of = dict(zip(weak, covers, strict=True))
    missing = [host for host in named if not host.evidence]
    earlier = _seen_before(application, missing)
    rows = [
        {
            "host": host,
            "evidence": words.get(HostName.Evidence(host.evidence)) if host.evidence else "",
            "earlier": earlier.get(host.name),
            "waiver": waiver_of.get(host),
            "is_weak": host in waiver_of,
            "form": _evidence_form(application, host, waiver_of.get(host), now)
            if host.evidence
            else None,
        }
        for host in named
    ]
    form = None
    if missing:
        initial: dict[str, Any] = {"version": application.version}
        alike = {(seen.evidence, seen.note) for seen in earlier.values()}
        if len(earlier) == len(missing) and len(alike) == 1:
            ((initial["evidence"], initial["note"]),) = alike
        form = EvidenceForm(initial=initial, hosts=missing, now=now, auto_id="missing_%s")
    return {"hosts": rows, "missing_form": form}


def _seen_before(application: Application, hosts: Sequence[HostName]) -> dict[str, Seen]:
    """Return the latest evidence of each of the host names on earlier orders.

    Declarations are left out, because they must be weighed again for each order, and so is evidence
    that the service found in the DNS, because it is looked up again. So is that of orders that came
    to nothing and of revoked certificates, because it may have been found wrong.
    """
    if not hosts:
        return {}
    earlier = _earlier_evidence(application.organisation_id, [host.name for host in hosts])
    return {name: Seen(*given) for name, *given in earlier.alone()}


@compiled_for(UUID(int=1), ["name"])
def _earlier_evidence(organisation: UUID, names: list[str]) -> Values:
    """Return each name with what is the row of `Seen`, the latest last."""
    of_account = HostName.objects.filter(application__organisation=organisation)
    earlier = of_account.filter(Among("name", "text", names))
    earlier = earlier.exclude(evidence__in=["", HostName.Evidence.DECLARED])
    earlier = earlier.exclude(evidence=HostName.Evidence.DNS, evidenced_by=None)
    earlier = earlier.exclude(application__status__in=sorted(ENDED - {Status.DELIVERED}))
    revoked = Certificate.objects.filter(
        reference=OuterRef("application"), state=Certificate.State.REVOKED
    )
    latest_last = earlier.exclude(Exists(revoked)).order_by("evidenced_at")
    of_order = ("application__number", "application", "evidenced_at")
    return Values(latest_last.values_list("name", "evidence", "evidence_note", *of_order), 6)


def _evidence_form(
    application: Application, host: HostName, waiver: Waiver | None, now: datetime
) -> EvidenceForm:
    """Return the host's form with the recorded evidence; the ids of its fields differ by host."""
    initial = {
        "version": application.version,
        "evidence": host.evidence,
        "note": host.evidence_note,
        "ends_on": waiver.ends_on if waiver else None,
    }
    return EvidenceForm(initial=initial, hosts=[host], now=now, auto_id=f"host_{host.pk}_%s")
