"""Who has how much to do; a lead gives free cases to a reviewer from here."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import access
from accounts.models import StaffRole
from applications import services
from applications.models import Application
from applications.rules import case_holder, figures, queue_order, reviewers_day
from applications.views.shared.due import due
from applications.views.shared.entry import by_person
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.web.forms import Form

MOST = 50
"""The most free cases on the page, the oldest promise first."""


class CasesField(forms.TypedMultipleChoiceField):
    """Cases of the list as it stood when it was read: some may have been taken since."""

    def valid_value(self, value: Any) -> bool:
        """Take each: the service leaves out what is not free any more."""
        return True


class AssignForm(Form):
    """Which free cases go to whom."""

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
        people = [("", _("Choose")), *((one.pk, str(one)) for one in reviewers_day.reviewers())]
        self.fields["to"].choices = people  # type: ignore[attr-defined]
        free = Application.objects.filter(case_holder.free(), status=Status.IN_REVIEW)
        found = queue_order.ordered(free.select_related("organisation"))
        self.fields["cases"].choices = [  # type: ignore[attr-defined]
            (one.pk, _words(one, now=now)) for one in found.prefetch_related("host_names")[:MOST]
        ]


def _words(application: Application, *, now: Any) -> str:
    near = due(application, now=now)
    parts = [application.number, application.organisation.name, application.called]
    return ", ".join([*filter(None, parts), *([near.label] if near else [])])


@access.reviewer_required
def loads(request: HttpRequest) -> HttpResponse:
    """Show the loads; give the ticked cases to the chosen reviewer."""
    is_lead = StaffRole.Kind.LEAD in access.staff_roles(request)
    form = AssignForm(request.POST or None) if is_lead or request.method == "POST" else None
    if request.method == "POST" and form is not None and form.is_valid():
        chosen = form.cleaned_data
        given = services.assign(chosen["cases"], to=chosen["to"], **by_person(request))
        _say(request, given, len(set(chosen["cases"])) - given)
        return redirect("console:loads")
    context = {"loads": figures.loads(now=clock.now()), "form": form}
    return render(request, "applications/console/loads.html", context)


def _say(request: HttpRequest, given: int, stayed: int) -> None:
    """Say how many cases were given, and how many of the ticked ones were not."""
    if given:
        said = ngettext("%(count)s case was given.", "%(count)s cases were given.", given)
        messages.success(request, said % {"count": given})
    if stayed:
        said = ngettext(
            "%(count)s case stayed where it is: it has been taken meanwhile, or it concerns you or"
            " the reviewer.",
            "%(count)s cases stayed where they are: they have been taken meanwhile, or they concern"
            " you or the reviewer.",
            stayed,
        )
        messages.warning(request, said % {"count": stayed})
