"""Deciding with the reviewer's passkey: one touch signs the decision and confirms who decides."""

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

# Time to read the page before pressing the button, so that it does not fail at the last moment.
MARGIN = access.FRESH / 15


@dataclass(frozen=True, slots=True)
class Decided:
    """What is decided: the challenge to sign, and for which environments of the CA."""

    challenge: bytes
    environments: Sequence[str]

    @property
    def wanted(self) -> bool:
        """Whether the CA wants it signed."""
        return any(map(proof_wanted, self.environments))

    @property
    def enrolled(self) -> frozenset[str]:
        """The fingerprints of the passkeys with which it counts; none where it is not wanted."""
        asking = [one for one in self.environments if proof_wanted(one)]
        return enrolled.fingerprints(asking) if asking else frozenset()


def lacks(request: HttpRequest, *, wanted: bool) -> bool:
    """Whether a passkey is wanted and the reviewer has none."""
    return wanted and not own_passkey.asked(_login(request), bytes(32))


def page(request: HttpRequest, decided: Decided | None) -> dict[str, Any]:
    """Return what the page of a decision needs to know; `decided` is None if there is nothing."""
    counting = decided.enrolled if decided else frozenset()
    login = _login(request, counting)
    options = own_passkey.asked(login, decided.challenge, rather=counting) if decided else ""
    wanted = decided is not None and decided.wanted
    fresh = clock.now() - access.FRESH + MARGIN <= access.second_factor_at(request)
    return {
        "passkey_options": options,
        "proof_wanted": wanted,
        "not_enrolled": wanted and not own_passkey.has_one_of(login, counting),
        "must_confirm": not fresh,
    }


def is_given(request: HttpRequest, decided: Decided) -> bool:
    """Whether a decision whose words were typed first is confirmed, or needs no passkey."""
    if {"credential", "by_code"} & set(request.POST):
        return True
    return not decided.wanted and not own_passkey.asked(_login(request), decided.challenge)


def given(request: HttpRequest, decided: Decided) -> dict[str, Any]:
    """Return how the decision was confirmed, as services want it: when, and with which assertion.

    Once the decision is made, `note` it.

    Raises ProofMissing, OtherBytes, NotSigned and TooMany.
    """
    form = PasskeyForm(request.POST)
    if "credential" not in request.POST:
        if decided.wanted:
            raise own_passkey.ProofMissing
        return {"reauthenticated_at": access.second_factor_at(request)}
    if not form.is_valid():
        raise own_passkey.NotSigned
    by = access.acting(request)
    answer = form.cleaned_data[form.holds]
    login = _login(request, decided.enrolled)
    assertion = own_passkey.prove(login, answer, decided.challenge, **by)
    return {"reauthenticated_at": by["now"], "assertion": assertion}


def note(request: HttpRequest, made: Mapping[str, Any]) -> None:
    """Store that a touch proved the second factor: after a decision made with these arguments.

    An assertion that is sent again, with a decision that was made before, proves nothing.
    """
    assertion, now = made.get("assertion"), made["now"]
    if assertion and own_passkey.is_first(assertion, person=made["person"], now=now):
        access.note_second_factor(request, now)


def _login(request: HttpRequest, counting: Collection[str] = frozenset()) -> User:
    own: Any = request.user
    return own_passkey.counting_login(access.person_of(request), own, counting)
