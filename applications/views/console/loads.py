"""The workload of each reviewer; a lead assigns free cases here."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _, ngettext

from accounts import access
from accounts.models import StaffRole
from applications import services
from applications.models import Application
from applications.rules import case_holder, figures, queue_order, reviewers_day
from applications.views.shared.due import due
from applications.views.shared.entry import by_person
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.text.wording import filled
from certportal.foundation.web.forms import Form

MOST = 50
"""The most free cases on the page, those with the earliest promised day first."""
FIRST_SHOWN = _("Only the first %(count)s are shown.")


class CasesField(forms.TypedMultipleChoiceField):
    """The chosen cases; some may have been claimed since the page was opened."""

    def valid_value(self, value: Any) -> bool:
        """Accept any key: the service skips cases that are no longer free."""
        return True


class AssignForm(Form):
    """The free cases to assign, and the reviewer who gets them."""

    cases = CasesField(
        label=_("Free cases"),
        coerce=UUID,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one case.")},
    )
    to = forms.TypedChoiceField(
        label=_("Give them to"), coerce=UUID, error_messages={"required": _("Choose a reviewer.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = clock.now()
        people = ((person.pk, str(person)) for person in reviewers_day.reviewers())
        self.offer("to", [("", _("Choose")), *people])
        free = Application.objects.filter(case_holder.free(), status=Status.IN_REVIEW)
        cases = queue_order.ordered(free.select_related("organisation"))
        found = list(cases.prefetch_related("host_names")[: MOST + 1])
        self.offer("cases", ((case.pk, _words(case, now=now)) for case in found[:MOST]))
        if len(found) > MOST:
            self.fields["cases"].help_text = filled(FIRST_SHOWN, count=MOST)


def _words(application: Application, *, now: Any) -> str:
    near = due(application, now=now)
    parts = [application.number, application.organisation.name, application.called]
    return ", ".join([*filter(None, parts), *([near.label] if near else [])])


@access.reviewer_required
def loads(request: HttpRequest) -> HttpResponse:
    """Show the workloads; assign the ticked cases to the chosen reviewer."""
    is_lead = StaffRole.Kind.LEAD in access.staff_roles(request)
    form = AssignForm(request.POST or None) if is_lead or request.method == "POST" else None
    if request.method == "POST" and form is not None and form.is_valid():
        chosen = form.cleaned_data
        assigned = services.assign(chosen["cases"], to=chosen["to"], **by_person(request))
        _say(request, assigned, len(set(chosen["cases"])) - assigned)
        return redirect("console:loads")
    context = {"loads": figures.loads(now=clock.now()), "form": form}
    return render(request, "applications/console/loads.html", context)


def _say(request: HttpRequest, assigned: int, stayed: int) -> None:
    """Add messages about how many cases were assigned, and how many were not."""
    if assigned:
        text = ngettext("%(count)s case was given.", "%(count)s cases were given.", assigned)
        messages.success(request, text % {"count": assigned})
    if stayed:
        text = ngettext(
            "%(count)s case stayed where it is: it has been taken meanwhile, or it concerns you or"
            " the reviewer.",
            "%(count)s cases stayed where they are: they have been taken meanwhile, or they concern"
            " you or the reviewer.",
            stayed,
        )
        messages.warning(request, text % {"count": stayed})
