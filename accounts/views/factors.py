"""Views for setting up, proving and managing second factors."""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import access
from accounts.factors import app_codes, passkeys
from accounts.factors.adapter import Adapter
from accounts.forms import AppCodeForm, FactorCodeForm, PasskeyForm
from accounts.identification.freshness import identified_at
from accounts.models import User
from accounts.services.people import second_factor as services
from accounts.views.redirects import identify_anew, landing, next_page, with_next
from certportal.foundation import clock
from certportal.foundation.web.pressed import pressed_on

# Session key: the TOTP secret of an authenticator app that is being set up.
PENDING = "second_factor_pending"

type View = Callable[..., HttpResponseBase]


def factor_view(view: View) -> View:
    """Admit people who need a second factor; others get 404."""

    @never_cache
    @access.person_required
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not access.needs_second_factor(request):
            raise access.no_page(request, "second_factor")
        return view(request, *args, **kwargs)

    return guarded


@factor_view
def prove(request: HttpRequest) -> HttpResponseBase:
    """Ask for the second factor; redirect to set one up if the login has none."""
    login, now = _login(request), clock.now()
    own = services.factors(login)
    if not own:
        return redirect(with_next(request, "accounts:second_factor_set_up"))
    code = FactorCodeForm(request.POST if "code" in request.POST else None)
    passkey = PasskeyForm(request.POST if "credential" in request.POST else None)
    by = access.acting(request)
    if _succeeds(code, lambda given: services.prove_code(login, given, **by)):
        return _proven(request, now)
    if _succeeds(passkey, lambda given: services.prove_passkey(login, given, **by)):
        return _proven(request, now)
    kinds = {factor.type for factor in own}
    context = {
        "form": passkey if passkey.errors else code,
        "code_form": code,
        "has_app": services.Kind.TOTP in kinds,
        "passkey_options": passkeys.begin_proving(login) if services.Kind.WEBAUTHN in kinds else "",
        "again": access.second_factor_at(request) != access.NEVER,
        "next": next_page(request),
        "demo_code": services.demo_code(login, now=now),
    }
    return render(request, "accounts/second_factor.html", context)


@factor_view
def set_up(request: HttpRequest) -> HttpResponseBase:
    """Set up an authenticator app or a passkey; the first factor comes with recovery codes."""
    if redirection := _require_recent_proof(request):
        return redirection
    login, now = _login(request), clock.now()
    secret = request.session.setdefault(PENDING, app_codes.new_secret())
    code = AppCodeForm(request.POST if "code" in request.POST else None)
    passkey = PasskeyForm(request.POST if "credential" in request.POST else None)
    by = access.acting(request)
    if _succeeds(code, lambda given: services.add_app(login, secret, given, **by)):
        return _added(request, now)
    if _succeeds(passkey, lambda given: services.add_passkey(login, given, **by)):
        _tell_fingerprint(request, passkey.cleaned_data[passkey.holds])
        return _added(request, now)
    adapter = Adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(login, secret))
    context = {
        "form": passkey if passkey.errors else code,
        "code_form": code,
        "passkey_options": passkeys.begin_adding(login),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        # Safe: the SVG is generated here and contains no user input.
        "picture": mark_safe(picture[picture.index("<svg") :]),  # noqa: S308
        "first": not services.factors(login),
        "next": next_page(request),
        "demo_code": services.first_demo_code(secret, now=now),
    }
    return render(request, "accounts/second_factor_set_up.html", context)


@factor_view
@access.reauthentication_required
def recovery_codes(request: HttpRequest) -> HttpResponseBase:
    """Show the recovery codes once; a POST replaces them with new ones."""
    login = _login(request)
    if request.method == "POST":
        services.make_recovery_codes(login, **access.acting(request))
        return redirect(with_next(request, "accounts:recovery_codes"))
    unused = services.show_recovery_codes(login)
    if not unused:
        return redirect("accounts:own_factors")
    shown = [f"{each[:4]} {each[4:]}" for each in unused]
    context = {"codes": shown, "onward": next_page(request) or landing(request)}
    return render(request, "accounts/recovery_codes.html", context)


@factor_view
@require_safe
def own(request: HttpRequest) -> HttpResponseBase:
    """List the login's factors, and how many recovery codes are left."""
    login = _login(request)
    if not services.factors(login):
        return redirect(with_next(request, "accounts:second_factor_set_up"))
    held = services.recovery(login)
    context = {
        "factors": [(each, passkeys.fingerprint_of(each)) for each in services.factors(login)],
        "approves": access.is_reviewer(access.person_of(request)),
        "codes_left": len(held.get_unused_codes()) if held else 0,
    }
    return render(request, "accounts/own_factors.html", context)


@factor_view
@pressed_on("accounts:own_factors")
def remove(request: HttpRequest, factor_id: int) -> HttpResponseBase:
    back = reverse("accounts:own_factors")
    if redirection := access.lead_to_reauthenticate(request, back=back):
        return redirection
    services.remove(_login(request), factor_id, **access.acting(request))
    messages.success(request, _("The second factor was removed."))
    return redirect("accounts:own_factors")


def _login(request: HttpRequest) -> User:
    """Return the login whose factors apply."""
    own: Any = request.user
    return services.login_with_factors(access.person_of(request), own)


def _succeeds(form: FactorCodeForm | PasskeyForm, act: Callable[[Any], None]) -> bool:
    """Whether the form was submitted and is valid, and `act` accepts its value."""
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data[form.holds])
    except services.NotProven as refusal:
        form.add_error(form.shows_errors_at, str(refusal))
        return False
    return True


def _require_recent_proof(request: HttpRequest) -> HttpResponseBase | None:
    """Return a redirect unless there is a recent proof of who the person is, else None.

    The proof is the existing second factor or, without one, identification.
    """
    if services.factors(_login(request)):
        return access.lead_to_reauthenticate(request)
    if clock.now() - identified_at(request) <= access.SECOND_FACTOR_LASTS:
        return None
    return identify_anew(request)


def _proven(request: HttpRequest, now: datetime) -> HttpResponseBase:
    access.note_second_factor(request, now)
    return redirect(next_page(request) or landing(request))


def _tell_fingerprint(request: HttpRequest, passkey: passkeys.Credential) -> None:
    """Tell a reviewer the fingerprint of the passkey just made, as it came from the browser."""
    if access.is_reviewer(access.person_of(request)):
        words = _(
            "The check code of your passkey is %(code)s. Write it down, and read it to"
            " the keeper of the certificate authority's keys: only a passkey in their register"
            " proves your approvals."
        )
        messages.info(request, words % {"code": passkeys.fingerprint_of_new(passkey)})


def _added(request: HttpRequest, now: datetime) -> HttpResponseBase:
    """Redirect to new recovery codes if the login has none, else to `next` or the factors."""
    request.session.pop(PENDING, None)
    onward = _proven(request, now)
    messages.success(request, _("The second factor is in use."))
    if services.recovery(_login(request)) is None:
        services.make_recovery_codes(_login(request), **access.acting(request))
        return redirect(with_next(request, "accounts:recovery_codes"))
    return onward if next_page(request) else redirect("accounts:own_factors")
