"""Registration and authentication with a passkey (W3C Web Authentication, level 2, §7)."""

import hashlib
import json
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from cryptography.exceptions import UnsupportedAlgorithm
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from fido2 import webauthn
from fido2.server import Fido2Server

from accounts.factors.fingerprint import fingerprint
from accounts.models import User

type Credential = dict[str, Any]

# Exceptions of allauth and fido2 for malformed CBOR, keys or JSON.
UNREADABLE: tuple[type[Exception], ...] = (
    *[ValidationError, ValueError, LookupError, TypeError, AttributeError],
    *[struct.error, RecursionError, UnsupportedAlgorithm],
)


class NoPasskey(Exception):
    """The browser's credential does not match the challenge, or is another person's."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What a passkey said when it signed: its counter, and SHA-256 (hex) of what was signed.

    ``counter`` is 0 for a passkey that does not count (WebAuthn 6.1.1).
    """

    counter: int
    challenge: str
    message: str

    @classmethod
    def of(cls, authenticator_data: bytes, client_data: bytes) -> Self:
        """Read it from the answer's octets, which have been verified."""
        return cls(
            webauthn.AuthenticatorData(authenticator_data).counter,
            _sha256(webauthn.CollectedClientData(client_data).challenge),
            _sha256(authenticator_data + hashlib.sha256(client_data).digest()),
        )


def rows(login: User) -> QuerySet[Authenticator]:
    """Return the login's passkeys as they are stored, oldest first."""
    own = Authenticator.objects.filter(user=login, type=Authenticator.Type.WEBAUTHN)
    ordered: QuerySet[Authenticator] = own.order_by("created_at", "pk")
    return ordered


def credential_data(row: Authenticator) -> webauthn.AttestedCredentialData | None:
    """Return the id and the public key of a stored passkey; None if they cannot be read."""
    return _credential_data_in(row.data.get("credential"))


def fingerprint_of(row: Authenticator) -> str:
    """Return the fingerprint of a stored passkey; empty if it is none or cannot be read."""
    found = credential_data(row) if row.type == Authenticator.Type.WEBAUTHN else None
    return fingerprint(found) if found else ""


def fingerprint_of_new(credential: Credential) -> str:
    """Return the fingerprint of a passkey as the browser made it; empty if it cannot be read."""
    found = _credential_data_in(credential)
    return fingerprint(found) if found else ""


def begin_adding(login: User) -> str:
    """Return the registration options as JSON; the challenge is kept in the session."""
    return json.dumps(auth.begin_registration(login, passwordless=False), cls=DjangoJSONEncoder)


def begin_proving(login: User) -> str:
    """Return the authentication options for the login's passkeys as JSON."""
    return json.dumps(auth.begin_authentication(login), cls=DjangoJSONEncoder)


def to_sign(
    login: User, challenge: bytes, *, rp_id: str, preferred: Collection[str] = frozenset()
) -> str:
    """Return the options for the login's passkeys to sign the challenge, as JSON.

    If the login has passkeys with fingerprints in `preferred`, only these are asked. User
    verification is required. Empty if the login has no passkey.
    """
    known = [found for row in rows(login) if (found := credential_data(row))]
    if not known:
        return ""
    known = [each for each in known if fingerprint(each) in preferred] or known
    verified = webauthn.UserVerificationRequirement.REQUIRED
    server = Fido2Server(webauthn.PublicKeyCredentialRpEntity(id=rp_id, name=rp_id))
    asked, _state = server.authenticate_begin(known, verified, challenge)
    return json.dumps(dict(asked), cls=DjangoJSONEncoder)


def counter_when_made(row: Authenticator) -> int:
    """Return the signature counter with which a stored passkey was made."""
    made = auth.parse_registration_response(row.data["credential"]).response
    return int(made.attestation_object.auth_data.counter)


def check_new(credential: Credential) -> str:
    """Return SHA-256 of the session's challenge if this is a new passkey for it.

    Raises NoPasskey. See `proven` for the challenge.
    """
    try:
        made = auth.parse_registration_response(credential).response
        auth.complete_registration(credential)
        _require_own_page(made.client_data)
        return _sha256(made.client_data.challenge)
    except UNREADABLE as error:
        raise NoPasskey from error


def proven(login: User, credential: Credential) -> tuple[Authenticator, Touch]:
    """Return the login's passkey that signed the session's challenge, and what it said.

    The challenge leaves the session, but not the copies that other requests have read: the caller
    makes sure that it was not used before. Raises NoPasskey.
    """
    try:
        signed = auth.parse_authentication_response(credential).response
        used = auth.complete_authentication(login, credential)
        _require_own_page(signed.client_data)
        return used, Touch.of(signed.authenticator_data, signed.client_data)
    except UNREADABLE as error:
        raise NoPasskey from error


def _require_own_page(client: webauthn.CollectedClientData) -> None:
    """Raise NoPasskey unless a page of the requested host asked, not framed by another site.

    fido2 also accepts pages of subdomains, which need not be this service's, and frames (Web
    Authentication, level 3, 13.4.9).
    """
    if client.cross_origin or urlsplit(client.origin).netloc != context.request.get_host():
        raise NoPasskey


def _sha256(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def _credential_data_in(credential: Any) -> webauthn.AttestedCredentialData | None:
    """Return the id and the public key in a browser's registration response, or None."""
    try:
        made = auth.parse_registration_response(credential).response
        found: webauthn.AttestedCredentialData | None = (
            made.attestation_object.auth_data.credential_data
        )
    except UNREADABLE:
        return None
    return found
