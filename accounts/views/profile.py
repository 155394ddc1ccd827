"""The person's own page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import access
from accounts.forms import PreferencesForm
from accounts.models import MailChoice
from accounts.models.mail_choices import ALWAYS
from accounts.services.people import preferences, sessions
from certportal.foundation import clock
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
