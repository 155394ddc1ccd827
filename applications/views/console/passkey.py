"""Sign a decision with the reviewer's passkey, which also proves the second factor."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from accounts import access
from accounts.forms import PasskeyForm
from accounts.models import User
from applications.services.reviewer import own_passkey
from certportal.foundation import clock
from issuance.conf import proof_wanted
from issuance.services.approvers import enrolled

# The second factor must stay valid for this long, so that it does not expire on the page.
MARGIN = access.SECOND_FACTOR_LASTS / 15


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision to sign: the challenge, and the environments of the CA that it concerns."""

    challenge: bytes
    environments: Sequence[str]

    @property
    def wanted(self) -> bool:
        return any(map(proof_wanted, self.environments))

    @property
    def enrolled(self) -> frozenset[str]:
        """The fingerprints of passkeys that the CA accepts; empty if none is required."""
        requiring = [name for name in self.environments if proof_wanted(name)]
        return enrolled.fingerprints(requiring) if requiring else frozenset()


def lacks(request: HttpRequest, *, wanted: bool) -> bool:
    """Return whether a passkey is required and the reviewer has none."""
    return wanted and not own_passkey.asked(_login(request), bytes(32))


def page(request: HttpRequest, decided: Decided | None) -> dict[str, Any]:
    """Return the context of a decision's page; `decided` is None if nothing can be decided."""
    counting = decided.enrolled if decided else frozenset()
    login = _login(request, counting)
    options = own_passkey.asked(login, decided.challenge, rather=counting) if decided else ""
    wanted = decided is not None and decided.wanted
    fresh = clock.now() - access.SECOND_FACTOR_LASTS + MARGIN <= access.second_factor_at(request)
    return {
        "passkey_options": options,
        "proof_wanted": wanted,
        "not_enrolled": wanted and not own_passkey.has_one_of(login, counting),
        "must_confirm": not fresh,
    }


def is_given(request: HttpRequest, decided: Decided) -> bool:
    """Return whether the request carries a confirmation, or needs no passkey."""
    if {"credential", "by_code"} & set(request.POST):
        return True
    return not decided.wanted and not own_passkey.asked(_login(request), decided.challenge)


def given(request: HttpRequest, decided: Decided) -> dict[str, Any]:
    """Return the arguments `reauthenticated_at` and `assertion` of services.

    Call `note` when the decision is made.

    Raises ProofMissing, OtherBytes, NotSigned and TooMany.
    """
    form = PasskeyForm(request.POST)
    if "credential" not in request.POST:
        if decided.wanted:
            raise own_passkey.ProofMissing
        return {"reauthenticated_at": access.second_factor_at(request)}
    if not form.is_valid():
        raise own_passkey.NotSigned
    acting = access.acting(request)
    answer = form.cleaned_data[form.holds]
    login = _login(request, decided.enrolled)
    assertion = own_passkey.prove(login, answer, decided.challenge, **acting)
    return {"reauthenticated_at": acting["now"], "assertion": assertion}


def note(request: HttpRequest, arguments: Mapping[str, Any]) -> None:
    """Store that the assertion proved the second factor, after a decision with these arguments.

    A repeated assertion of an earlier decision proves nothing.
    """
    assertion, now = arguments.get("assertion"), arguments["now"]
    if assertion and own_passkey.is_first(assertion, person=arguments["person"], now=now):
        access.note_second_factor(request, now)


def _login(request: HttpRequest, counting: Collection[str] = frozenset()) -> User:
    login: Any = request.user
    return own_passkey.counting_login(access.person_of(request), login, counting)
