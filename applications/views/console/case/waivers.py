"""Waivers on a case: findings that need one, waivers that cover them, and giving one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts import access
from accounts.weak_evidence import usual_end
from applications import services
from applications.checks.wording import word
from applications.models import Application, Waiver
from applications.rules import waivers
from applications.services.reviewer.own_passkey import NotSigned
from applications.services.reviewer.waivers import waiver_to_sign
from applications.views.console import passkey
from applications.views.console.case.forms import WaiveForm
from applications.views.console.case.identity import identity, kept_from
from applications.views.console.entry import back_to, case_view, kept
from applications.views.shared.entry import by_person
from applications.workflow import ENDED, Action, Status
from certportal.foundation import clock
from certportal.foundation.errors import NotAllowed, Stale
from issuance.approvers.assertion import Assertion
from issuance.conf import proof_wanted
from issuance.findings import Finding
from issuance.wording import WordedFinding


@dataclass(frozen=True, slots=True)
class Row:
    """A finding that needs a waiver, in words, and the waiver that covers it now, if any."""

    finding: Finding
    words: WordedFinding
    waiver: Waiver | None

    @property
    def is_waivable(self) -> bool:
        """Whether it can be waived by a form; a host name's evidence is recorded with the name."""
        return self.finding.rule in waivers.WAIVABLE


def rows(application: Application, *, now: datetime) -> list[Row]:
    """Return the findings that need a waiver today; for a closed case, the waivers given on it."""
    on = clock.day(now)
    if application.status in {Status.ISSUED, *ENDED}:
        given = application.waivers.all()
        return [Row(waiver.finding, word(waiver.finding), waiver) for waiver in given]
    findings = waivers.needed(application, on=on)
    covers = waivers.covering_each(application, findings, on=on)
    return [
        Row(finding, word(finding), waiver)
        for finding, waiver in zip(findings, covers, strict=True)
    ]


@case_view
def waive(request: HttpRequest, application: Application, rule: str) -> HttpResponse:
    """Waive a finding, with reasons and an end date."""
    now = clock.now()
    row = next((row for row in rows(application, now=now) if row.finding.rule == rule), None)
    if row is None or not row.is_waivable:
        raise Http404
    initial = {"version": application.version, "ends_on": usual_end(now)}
    form = WaiveForm(request.POST or None, initial=initial, now=now)
    person = access.person_of(request)
    context = identity(application, person, now=now) | {"row": row, "form": form}
    context["kept_from"] = kept_from(Action.WAIVE, application, person, now=now)
    environment = "test" if application.kind.is_test else "production"
    context["lacks_passkey"] = passkey.lacks(request, wanted=proof_wanted(environment))
    page = "applications/console/waive.html"
    if not form.is_valid():
        return render(request, page, context)
    signed = _signed(request, application, context, environment)
    if isinstance(signed, HttpResponse):
        return signed
    try:
        arguments = form.cleaned_data | by_person(request) | {"assertion": signed}
        services.waive(application.pk, rule, **arguments)
    except (Stale, NotAllowed) as refusal:
        context |= kept(request, application, form, refusal)
        return render(request, page, context, status=refusal.status)
    passkey.note(request, arguments)
    message = _("The finding was waived. A second reviewer must approve the certificate too.")
    return back_to(application, request, message)


def _signed(
    request: HttpRequest, application: Application, context: dict[str, Any], environment: str
) -> Assertion | HttpResponse | None:
    """Return the reviewer's assertion over the typed waiver, or the page that asks for it."""
    form, row = context["form"], context["row"]
    typed = {name: form.cleaned_data[name] for name in ("reason", "ends_on")}
    decided = passkey.Decided(waiver_to_sign(application, row.finding, **typed), [environment])
    asks = context | {"said": typed, "fields": _hidden(form)}
    if passkey.is_given(request, decided):
        try:
            assertion: Assertion | None = passkey.given(request, decided).get("assertion")
        except NotSigned as refusal:
            asks["refusal"] = refusal
        else:
            return assertion
    asks |= passkey.page(request, decided)
    status = 400 if "refusal" in asks else 200
    return render(request, "applications/console/waive_sign.html", asks, status=status)


def _hidden(form: WaiveForm) -> SafeString:
    hidden = '<input type="hidden" name="{}" value="{}">'
    return format_html_join("", hidden, ((field.html_name, field.value()) for field in form))
