"""The person's own pages: choices, the mail address, and what is recorded of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access, own_records
from accounts.forms import CodeForm, EmailForm, PreferencesForm
from accounts.identification.freshness import identified_at
from accounts.models import MailChoice
from accounts.models.mail_choices import ALWAYS
from accounts.services.people import email, preferences, sessions
from accounts.views.redirects import identify_anew, landing, next_page, with_next
from certportal.foundation import clock
from certportal.foundation.turns import turn
from certportal.foundation.web.keyset import before_of
from certportal.foundation.web.pressed import OnlyPressed, pressed_on


@access.person_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show name, address and organisations; choose the language and which mails come."""
    person = access.person_of(request)
    wanted = [each for each in MailChoice if not person.declines(each)]
    form = PreferencesForm(
        request.POST or None, initial={"language": person.language, "mails": wanted}
    )
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        preferences.choose(person, language, form.wanted, **access.acting(request))
        translation.activate(language)
        messages.success(request, _("Your choices have been saved."))
        return redirect("accounts:profile")
    context = {
        "form": form,
        "always": [each for key, each in ALWAYS.items() if key != "work" or person.is_reviewer],
        "person": person,
        "memberships": access.memberships(person),
        "sessions": sessions.sessions(person, now=clock.now()),
        "needs_second_factor": access.needs_second_factor(request),
    }
    return render(request, "accounts/profile.html", context)


@access.person_required
def end_session(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """End one of the person's own sessions, for example on another device."""
    person = access.person_of(request)
    if not sessions.is_own(person, session_id):
        raise access.not_found(access.actor_of(request), "session", session_id)
    if request.method != "POST":
        return OnlyPressed(reverse("accounts:profile"))
    sessions.end_own(person, session_id, **access.acting(request))
    messages.success(request, _("The session was ended."))
    return redirect("accounts:profile")


@access.person_required
@pressed_on("accounts:profile")
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions except this one."""
    this: Any = request
    sessions.end_all(access.person_of(request), but=this.sign_on.pk, **access.acting(request))
    messages.success(request, _("All your other sessions were ended."))
    return redirect("accounts:profile")


PER_PAGE = 50


@access.person_required
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    """List the events about the person, newest first."""
    person, before = access.person_of(request), before_of(request)
    found = own_records.page_of_events(person, before=before, most=PER_PAGE + 1)
    rows = [
        {
            "event": event,
            "own": own_records.is_by(event, person),
            "address": own_records.address_of(event, person),
        }
        for event in found[:PER_PAGE]
    ]
    older = found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None
    context = {"rows": rows, "before": before, "older": older}
    return render(request, "accounts/recorded.html", context)


@access.person_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """Download everything stored about the person as a JSON file."""
    with turn():
        content = own_records.export(access.person_of(request))
        response = JsonResponse(content, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = 'attachment; filename="own-data.json"'
    return response


LATELY = timedelta(hours=1)


def address(request: HttpRequest) -> HttpResponse:
    """Ask for the address and the language of mail; mail a code there.

    A person who already has a verified address must have identified within `LATELY` to change it.
    """
    if getattr(request, "person", None) is None:
        return redirect("accounts:login")
    person = access.person_of(request)
    known = person.email_verified_at is not None
    if known and clock.now() - identified_at(request) > LATELY:
        return identify_anew(request)
    form = EmailForm(
        request.POST or None, initial={"email": person.email, "language": person.language}
    )
    if request.method == "POST" and form.is_valid():
        email.ask_code(person, **form.cleaned_data, **access.acting(request))
        return redirect(with_next(request, "accounts:email_code"))
    context = {"form": form, "next": next_page(request), "first": not known}
    return render(request, "accounts/email.html", context)


def code(request: HttpRequest) -> HttpResponse:
    """Ask for the mailed code and verify the address."""
    if getattr(request, "person", None) is None:
        return redirect("accounts:login")
    person, now = access.person_of(request), clock.now()
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            email.confirm(
                person, form.cleaned_data["code"], actor=access.actor_of(request), now=now
            )
        except email.WrongCode as wrong:
            form.add_error("code", str(wrong))
        else:
            return redirect(next_page(request) or landing(request))
    context = {
        "form": form,
        "next": next_page(request),
        "pending": email.pending(person, now=now),
        "address_page": with_next(request, "accounts:email"),
    }
    return render(request, "accounts/email_code.html", context)
