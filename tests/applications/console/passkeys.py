"""Passkeys of reviewers at their desks: given, asked by a page, and answering it."""

import json
from datetime import timedelta
from typing import Any

from allauth.mfa.webauthn.internal.auth import WebAuthn

from accounts import access
from certportal.foundation import clock
from tests.doubles.passkey import Passkey

SURROGATE = '{"rawId": "\\ud800", "response": {"clientDataJSON": "\\udfff"}}'
NO_ANSWERS = [
    *["", "{}", "[]", "{", "null", "[" * 15_000, "x" * 30_000, SURROGATE, b"\xff\xfe"],
    *['{"rawId": 1, "response": {}}', '{"rawId": "AA", "response": "x"}'],
    '{"rawId": "AA", "response": ["x"]}',
]
"""What a browser could send in the place of a passkey's answer."""


def give(desk: Any, name: bytes) -> Passkey:
    """Give the desk's reviewer a passkey; they confirmed long ago."""
    key = Passkey(name=name)
    WebAuthn.add(desk.person.logins.get(), "", key.registration(b"\0" * 32))
    desk.confirm(clock.now() - timedelta(hours=1))
    return key


def asked(page: Any) -> dict[str, Any]:
    """Return what the page asks passkeys."""
    options: dict[str, Any] = json.loads(page.context["passkey_options"])["publicKey"]
    return options


def second_factor_at(desk: Any) -> str:
    """Return when the desk's session has last proven the second factor, as it stores that."""
    return str(desk.client.session[access.SECOND_FACTOR])
