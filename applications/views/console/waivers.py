"""The list of waivers, and withdrawing a waiver."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _, gettext_lazy, pgettext_lazy

from accounts import access
from accounts.models import Membership
from applications import services
from applications.checks.wording import word
from applications.models import Waiver
from applications.rules.waivers import SOON as SOON_TIME, ending_soon, in_force
from applications.services.reviewer.waivers import to_withdraw
from applications.views.console.entry import looked_at_case
from applications.views.shared.entry import by_person
from certportal.foundation import clock
from certportal.foundation.text.folded_names import words_held
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form, LongTextField, SearchField

PAGE = 25
MOST_RIGHTS = 100
IN_FORCE, SOON, ENDED = "in_force", "soon", "ended"
STATES = [
    (IN_FORCE, pgettext_lazy("waivers", "In force")),
    (SOON, filled(gettext_lazy("Ending within %(days)d days"), days=SOON_TIME.days)),
    (ENDED, pgettext_lazy("waivers", "Ended")),
]


class WaiversForm(Form):
    state = forms.ChoiceField(label=gettext_lazy("Which waivers"), choices=STATES, required=False)
    organisation = SearchField(label=gettext_lazy("Organisation"))
    never_optional = True


class WithdrawWaiverForm(Form):
    reason = LongTextField(
        label=gettext_lazy("Why the waiver is withdrawn"),
        missing=gettext_lazy("Write why the waiver is withdrawn."),
    )


@access.reviewers_read
def waivers(request: HttpRequest) -> HttpResponseBase:
    """List the waivers in force, ending soon or ended, sorted by last day."""
    form = WaiversForm(request.GET or {"state": IN_FORCE})
    chosen = form.cleaned_data if form.is_valid() else {}
    state = chosen.get("state") or IN_FORCE
    organisation, today = chosen.get("organisation", "").strip(), clock.day(clock.now())
    matching = _found(state, organisation, today)
    page = Paginator(matching, PAGE).get_page(request.GET.get("page"))
    rows = [(waiver, word(waiver.finding)) for waiver in page]
    weak = Membership.objects.filter(confirmed_until__isnull=False, ended_at=None)
    if state == ENDED:
        weak = weak.filter(confirmed_until__lt=today)
    else:
        weak = weak.filter(confirmed_until__gte=today)
    if state == SOON:
        weak = weak.filter(confirmed_until__lt=today + SOON_TIME)
    if organisation:
        weak = weak.filter(words_held(organisation, "organisation__name"))
    people = weak.select_related("organisation", "person", "confirmed_by")
    rights = list(people.order_by("confirmed_until", "pk")[: MOST_RIGHTS + 1])
    context: dict[str, Any] = {"form": form, "page_obj": page, "rows": rows}
    context |= {"rights": rights[:MOST_RIGHTS], "has_more_rights": len(rights) > MOST_RIGHTS}
    return render(request, "applications/console/waivers.html", context)


@access.reviewer_required
def waiver(request: HttpRequest, waiver_id: int) -> HttpResponseBase:
    people = Waiver.objects.select_related("waived_by", "confirmed_by", "closed_by")
    shown = get_object_or_404(people.select_related("application__organisation"), pk=waiver_id)
    looked_at_case(request, shown.application)
    form = WithdrawWaiverForm(request.POST or None)
    person, now = access.person_of(request), clock.now()
    if form.is_valid():
        services.withdraw_waiver(shown.pk, **form.cleaned_data, **by_person(request))
        messages.success(request, _("The waiver was withdrawn."))
        return redirect("console:waiver", shown.pk)
    context = {
        "waiver": shown,
        "words": word(shown.finding),
        "is_in_force": in_force(clock.day(now)).filter(pk=shown.pk).exists(),
        "obstacle": next(to_withdraw(shown, person, now=now), None),
        "form": form,
    }
    return render(request, "applications/console/waiver.html", context)


def _found(state: str, organisation: str, today: date) -> QuerySet[Waiver]:
    matching = ending_soon(today) if state == SOON else in_force(today)
    if state == ENDED:
        is_ended = Q(ends_on__lt=today) | Q(closed_at__isnull=False)
        matching = Waiver.objects.filter(is_ended)
    if organisation:
        matching = matching.filter(words_held(organisation, "application__organisation__name"))
    people = matching.select_related(
        "application__organisation", "waived_by", "confirmed_by", "closed_by"
    )
    return people.order_by("-ends_on" if state == ENDED else "ends_on", "pk")
