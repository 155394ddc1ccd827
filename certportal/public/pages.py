"""Pages that anybody may read without logging in."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from accounts.forms import BusinessIdField
from certportal.foundation import agency, clock
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits
from certportal.foundation.web.addresses import address_of
from certportal.foundation.web.forms import LONGEST_TEXT, EmailField, Form, HintedRadioSelect
from certportal.public import (
    csr_check,
    eligibility as eligibility_service,
    feedback as feedback_service,
    numbers,
    revoke_by_key,
    verify,
)

ROBOTS = "User-agent: *\nDisallow: /*/console/\nDisallow: /*/settings/\nDisallow: /dev/\n"


class BusinessIdForm(Form):
    """A business ID in any usual spelling."""

    business_id = BusinessIdField(label=_("Business ID"), help_text=_("For example 0245437-2"))


class FeedbackForm(Form):
    about = forms.ChoiceField(
        label=_("What is it about?"),
        choices=[
            ("accessibility", _("Accessibility")),
            ("fault", _("Something does not work")),
            ("idea", _("An idea or other feedback")),
        ],
        widget=HintedRadioSelect,
        error_messages={"required": _("Choose what the feedback is about.")},
    )
    text = forms.CharField(
        label=_("Your feedback"),
        help_text=_("If it is about one page, say which one."),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Write your feedback.")},
    )
    email = EmailField(
        label=_("Your email address"), help_text=_("Only if you wish an answer."), required=False
    )


def page(template: str, **facts: Callable[[], Any]) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that renders *template*; the callables *facts* provide its context."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template, {name: ask() for name, ask in facts.items()})

    return view


@require_safe
def eligibility(request: HttpRequest) -> HttpResponse:
    """Show who can apply; with a business ID in the query, whether that organisation can."""
    asked = "business_id" in request.GET
    form = BusinessIdForm(request.GET if asked else None)
    answer = None
    if asked and form.is_valid():
        code, address = form.cleaned_data["business_id"], address_of(request)
        answer = eligibility_service.ask_for_visitor(code, address=address, now=clock.now())
    return render(request, "pages/eligibility.html", {"form": form, "answer": answer})


# The act on digital services (306/2019) requires a feedback channel for everybody: no login, no
# cookie. Without a session no CSRF token is needed; `OwnPagesOnly` refuses other sites.
@csrf_exempt
def feedback(request: HttpRequest) -> HttpResponse:
    """Show the feedback form; send feedback on by mail."""
    form = FeedbackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = address_of(request)
        try:
            feedback_service.give(**form.cleaned_data, address=address, now=clock.now())
        except TooMany as refusal:
            form.refuse(refusal)
            return limits.too_many(render(request, "pages/feedback.html", {"form": form}), refusal)
        return redirect("feedback_sent")
    return render(request, "pages/feedback.html", {"form": form})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect the default icon URL, which browsers try without a page."""
    return HttpResponseRedirect(static("portal/favicon.svg"))


@require_safe
def front(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect the root URL to the start page in the visitor's language."""
    return redirect(reverse("start"))


# URLs without a language prefix; `urlpatterns` are those with one.
root_urlpatterns = [
    path("", front, name="front"),
    path("robots.txt", robots, name="robots"),
    path("favicon.ico", favicon, name="favicon"),
    path("numbers.json", numbers.numbers_json, name="numbers_json"),
]
urlpatterns = [
    path("", page("pages/start.html"), name="start"),
    path("eligibility/", eligibility, name="eligibility"),
    path("csr/", csr_check.examine, name="csr_doctor"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("verify/", verify.verify, name="verify"),
    path("revoke-by-key/", revoke_by_key.begin, name="revoke_by_key"),
    path("revoke-by-key/done/", page("pages/revoked_by_key.html"), name="revoked_by_key"),
    path("revoke-by-key/<word:token>/", revoke_by_key.sign, name="revoke_by_key_sign"),
    path("revoke-by-key/<word:token>/line.txt", revoke_by_key.line, name="revoke_by_key_line"),
    path("which-certificate/", page("pages/which_certificate.html"), name="which_certificate"),
    path(
        "accessibility/",
        page("pages/accessibility.html", contact=agency.contact, statement=agency.accessibility),
        name="accessibility",
    ),
    path("privacy/", page("pages/privacy.html", contact=agency.contact), name="privacy"),
    path("contact/", page("pages/contact.html", contact=agency.contact), name="contact"),
    path("feedback/", feedback, name="feedback"),
    path("feedback/sent/", page("pages/feedback_sent.html"), name="feedback_sent"),
]
