"""Pages that anybody may read without logging in."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from certportal import doctor, key_holder, public
from certportal import eligibility as eligibility_service
from certportal import feedback as feedback_service
from certportal.foundation import clock
from certportal.foundation.addresses import address_of
from certportal.public_forms import BusinessIdForm, FeedbackForm

ROBOTS = "User-agent: *\nDisallow: /*/console/\nDisallow: /*/settings/\nDisallow: /dev/\n"


def page(template: str, **facts: Callable[[], Any]) -> Callable[[HttpRequest], HttpResponse]:
    """A view that shows *template* with what each of *facts* says."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        return render(request, template, {name: ask() for name, ask in facts.items()})

    return view


@require_safe
def eligibility(request: HttpRequest) -> HttpResponse:
    """Who can apply; with a business ID, whether that organisation can."""
    asked = "business_id" in request.GET
    form = BusinessIdForm(request.GET if asked else None)
    answer = None
    if asked and form.is_valid():
        code, address = form.cleaned_data["business_id"], address_of(request)
        answer = eligibility_service.ask_for_visitor(code, address=address, now=clock.now())
    return render(request, "pages/eligibility.html", {"form": form, "answer": answer})


# The act on digital services asks for a channel open to everybody: no login, no cookie. No session
# is used, so no token is needed; `OwnPagesOnly` keeps other sites out.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest) -> HttpResponse:
    """Take feedback and pass it on by mail."""
    form = FeedbackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        address = address_of(request)
        feedback_service.give(**form.cleaned_data, address=address, now=clock.now())
        return redirect("feedback_sent")
    return render(request, "pages/feedback.html", {"form": form})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may visit."""
    return HttpResponse(ROBOTS, content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseRedirect:
    """Where browsers look when no page has told them of the icon."""
    return HttpResponseRedirect(static("portal/favicon.svg"))


@require_safe
def front(request: HttpRequest) -> HttpResponseRedirect:
    """The bare address leads to the start page in the reader's language."""
    return redirect(reverse("start"))


# Bare addresses, and those under a language.
root_urlpatterns = [
    path("", front, name="front"),
    path("robots.txt", robots, name="robots"),
    path("favicon.ico", favicon, name="favicon"),
]
urlpatterns = [
    path("", page("pages/start.html"), name="start"),
    path("eligibility/", eligibility, name="eligibility"),
    path("csr/", doctor.examine, name="csr_doctor"),
    path("revoke-by-key/", key_holder.begin, name="revoke_by_key"),
    path("revoke-by-key/done/", page("pages/revoked_by_key.html"), name="revoked_by_key"),
    path("revoke-by-key/<str:token>/", key_holder.sign, name="revoke_by_key_sign"),
    path("revoke-by-key/<str:token>/line.txt", key_holder.line, name="revoke_by_key_line"),
    path(
        "which-certificate/",
        page("pages/which_certificate.html"),
        name="which_certificate",
    ),
    path(
        "accessibility/",
        page(
            "pages/accessibility.html",
            contact=public.contact,
            statement=public.accessibility,
        ),
        name="accessibility",
    ),
    path("privacy/", page("pages/privacy.html", contact=public.contact), name="privacy"),
    path("contact/", page("pages/contact.html", contact=public.contact), name="contact"),
    path("feedback/", feedback, name="feedback"),
    path("feedback/sent/", page("pages/feedback_sent.html"), name="feedback_sent"),
]
