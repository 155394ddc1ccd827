"""Views for entering and verifying an e-mail address."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts import access
from accounts.forms import CodeForm, EmailForm
from accounts.identification.freshness import identified_at
from accounts.services.people import email
from accounts.views.redirects import identify_anew, landing, next_page, with_next
from certportal.foundation import clock

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
