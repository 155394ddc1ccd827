"""The person's own page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import access
from accounts.forms import LanguageForm
from accounts.services.people import preferences, sessions
from certportal.foundation import clock


@access.person_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show name, address, language and organisations; change the language."""
    person = access.person_of(request)
    form = LanguageForm(request.POST or None, initial={"language": person.language})
    if request.method == "POST" and form.is_valid():
        language = form.cleaned_data["language"]
        preferences.choose_language(person, language, **access.acting(request))
        translation.activate(language)
        messages.success(request, _("The language has been changed."))
        return redirect("accounts:profile")
    context = {
        "form": form,
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
        return redirect("accounts:profile")
    sessions.end_own(person, session_id, **access.acting(request))
    messages.success(request, _("The session was ended."))
    return redirect("accounts:profile")


@access.person_required
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End all of the person's sessions except this one."""
    this: Any = request
    sessions.end_all(access.person_of(request), but=this.sign_on.pk, **access.acting(request))
    messages.success(request, _("All your other sessions were ended."))
    return redirect("accounts:profile")
