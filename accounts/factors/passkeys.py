"""The ceremonies of a passkey (W3C Web Authentication, level 2, §7); options come as JSON."""

import json
import struct
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import UnsupportedAlgorithm
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder

from accounts.models import User

type Credential = dict[str, Any]

# What allauth and fido2 raise at octets that are no CBOR, no key or no JSON of the right shape.
UNREADABLE: tuple[type[Exception], ...] = (
    *[ValidationError, ValueError, LookupError, TypeError, AttributeError],
    *[struct.error, RecursionError, UnsupportedAlgorithm],
)


class NoPasskey(Exception):
    """What the browser sent does not answer the challenge, or belongs to somebody else."""


def begin_adding(login: User) -> str:
    """Return the options for making a passkey; its challenge stays in the session."""
    return json.dumps(auth.begin_registration(login, passwordless=False), cls=DjangoJSONEncoder)


def begin_proving(login: User) -> str:
    """Return the options for using one of the login's passkeys."""
    return json.dumps(auth.begin_authentication(login), cls=DjangoJSONEncoder)


def judge_new(credential: Credential) -> None:
    """Raise NoPasskey unless this is a passkey made for the session's challenge, once."""
    try:
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except UNREADABLE as error:
        raise NoPasskey from error


def proven(login: User, credential: Credential) -> Authenticator:
    """Return the login's passkey that signed the session's challenge, once. Raises NoPasskey."""
    try:
        auth.parse_authentication_response(credential)
        return auth.complete_authentication(login, credential)
    except UNREADABLE as error:
        raise NoPasskey from error
