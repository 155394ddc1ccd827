"""The library of ready-made reasons: list, write, change and end them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_info, gettext as _, gettext_lazy

from accounts import access
from applications import services
from applications.models import ReadyReason
from applications.views.console.case import reasons
from applications.views.shared.entry import by_person
from certportal.foundation.errors import Stale
from certportal.foundation.web import refusals
from certportal.foundation.web.forms import LONGEST_TEXT, Form, KeyField, LongTextField, shown_again
from certportal.foundation.web.pressed import pressed_on

Use = ReadyReason.Use
USES = {
    Use.ASKING: gettext_lazy("For requests for information"),
    Use.REJECTING: gettext_lazy("For rejections"),
}
TITLE = 100
"""The most characters of a title."""


class WordsForm(Form):
    """The title and the text in every language of the service."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, _name in settings.LANGUAGES:
            names = {"language": get_language_info(code)["name_translated"]}
            self.fields[f"title_{code}"] = forms.CharField(
                label=_("Title: %(language)s") % names,
                max_length=TITLE,
                widget=forms.TextInput(attrs={"lang": code}),
            )
            self.fields[f"text_{code}"] = LongTextField(
                label=_("What the applicant reads: %(language)s") % names, max_length=LONGEST_TEXT
            )
            self.fields[f"text_{code}"].widget.attrs["lang"] = code

    @property
    def words(self) -> dict[str, dict[str, str]]:
        cleaned = self.cleaned_data
        return {
            code: {"title": cleaned[f"title_{code}"], "text": cleaned[f"text_{code}"]}
            for code, _name in settings.LANGUAGES
        }


class NewForm(WordsForm):
    """A new reason, and its use."""

    use = forms.TypedChoiceField(
        label=gettext_lazy("What for"), choices=USES.items(), coerce=Use, widget=forms.RadioSelect
    )


class ChangeForm(WordsForm):
    """The next version of a reason; `number` is the one that was shown."""

    number = KeyField()


class EndForm(Form):
    """The version of the reason that was shown."""

    number = KeyField()


@access.reviewers_read
def library(request: HttpRequest) -> HttpResponseBase:
    """List the reasons that are offered, by use."""
    parts = [(words, reasons.offered(use)) for use, words in USES.items()]
    return render(request, "applications/console/ready_reasons.html", {"parts": parts})


@access.reviewer_required
def new(request: HttpRequest) -> HttpResponseBase:
    form = NewForm(request.POST or None)
    if form.is_valid():
        reason = services.write_reason(form.cleaned_data["use"], form.words, **by_person(request))
        messages.success(request, _("The reason was saved."))
        return redirect("console:ready_reason", reason.pk)
    return render(request, "applications/console/ready_reason_new.html", {"form": form})


@access.reviewer_required
def change(request: HttpRequest, reason_id: int) -> HttpResponseBase:
    """Show a reason with its versions, and write the next one."""
    reason = get_object_or_404(ReadyReason, pk=reason_id)
    form = ChangeForm(request.POST or None, initial=_initial(reason))
    if form.is_valid():
        common = {"number": form.cleaned_data["number"]} | by_person(request)
        try:
            services.rewrite_reason(reason.pk, form.words, **common)
        except Stale as refusal:
            return _late(request, reason, form, refusal)
        messages.success(request, _("The reason was saved."))
        return redirect("console:ready_reason", reason.pk)
    return _page(request, reason, form)


@access.reviewer_required
@pressed_on("console:ready_reason", "reason_id")
def end(request: HttpRequest, reason_id: int) -> HttpResponseBase:
    reason = get_object_or_404(ReadyReason, pk=reason_id)
    form = EndForm(request.POST)
    number = form.cleaned_data["number"] if form.is_valid() else 0
    try:
        services.end_reason(reason.pk, number=number, **by_person(request))
    except Stale as refusal:
        return _late(request, reason, ChangeForm(initial=_initial(reason)), refusal)
    messages.success(request, _("The reason is no longer offered."))
    return redirect("console:ready_reasons")


def _late(
    request: HttpRequest, reason: ReadyReason, form: ChangeForm, refusal: Stale
) -> HttpResponse:
    """Show the typed text beside the version that somebody else has written meanwhile."""
    refusals.record_act(request, refusal)
    reason.refresh_from_db()
    newest = reason.versions.all()[0]
    if form.is_bound:
        typed = shown_again(request.POST)
        typed["number"] = str(newest.number)
        form.data = typed
    return _page(request, reason, form, status=refusal.status, late=refusal)


def _page(
    request: HttpRequest, reason: ReadyReason, form: ChangeForm, status: int = 200, **more: Any
) -> HttpResponse:
    versions = list(reason.versions.select_related("person"))
    context = {"reason": reason, "form": form, "newest": versions[0], "versions": versions} | more
    context["use"] = USES[Use(reason.use)]
    return render(request, "applications/console/ready_reason.html", context, status=status)


def _initial(reason: ReadyReason) -> dict[str, Any]:
    newest = reason.versions.all()[0]
    initial: dict[str, Any] = {"number": newest.number}
    for code, words in newest.words.items():
        initial |= {f"{part}_{code}": text for part, text in words.items()}
    return initial
