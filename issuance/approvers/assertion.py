"""WebAuthn assertions (answers of passkeys), and their stored form."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

_MOST = {"id": 1023, "authenticatorData": 4096, "clientDataJSON": 4096, "signature": 1024}
"""Most octets: of the id by WebAuthn 4, of the others a multiple of what authenticators send."""


class BadAssertion(ValueError):
    """The value is no assertion, or it does not prove the approval of this attempt."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """A passkey's signature of the authenticator's data and the hash of the client's data."""

    credential_id: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @classmethod
    def of_browser(cls, credential: Any) -> Self:
        """Read a browser's answer (AuthenticationResponseJSON). Raises BadAssertion."""
        if not isinstance(credential, Mapping):
            raise BadAssertion("the credential is no object")
        response = credential.get("response")
        if not isinstance(response, Mapping):
            raise BadAssertion("the credential has no response")
        return cls.parse({**response, "id": credential.get("rawId")})

    @classmethod
    def parse(cls, stored: Any) -> Self:
        """Read the stored form. Raises BadAssertion."""
        if not isinstance(stored, Mapping):
            raise BadAssertion("the assertion is no object")
        return cls(*(_decoded(stored.get(name), name) for name in _MOST))

    def to_json(self) -> dict[str, str]:
        """Return the stored form: the names of WebAuthn's own JSON, octets in base64url."""
        octets = (self.credential_id, self.authenticator_data, self.client_data, self.signature)
        return {name: base64url(value) for name, value in zip(_MOST, octets, strict=True)}

    @property
    def challenge(self) -> bytes:
        """The challenge in the client's data; nothing is verified. Raises BadAssertion."""
        try:
            client_data = json.loads(self.client_data)
        except (ValueError, RecursionError) as error:
            raise BadAssertion("the client's data is no JSON") from error
        if not isinstance(client_data, dict):
            raise BadAssertion("the client's data is no object")
        return _decoded(client_data.get("challenge"), "challenge", most=64)


def base64url(octets: bytes) -> str:
    """Return the octets in base64url without padding, as WebAuthn writes them."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text: Any, name: str, *, most: int) -> bytes:
    """Read base64url of a bounded length, padded or not. Raises BadAssertion."""
    return _decoded(text, name, most=most)


def _decoded(text: Any, name: str, *, most: int = 0) -> bytes:
    most = most or _MOST[name]
    if not isinstance(text, str) or not 0 < len(text) <= 4 * (most // 3 + 1):
        raise BadAssertion(f"{name} is missing or too long")
    try:
        bare = text.rstrip("=").encode("ascii")
        octets = base64.b64decode(bare + b"=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAssertion(f"{name} is not base64url") from error
    if not 0 < len(octets) <= most:
        raise BadAssertion(f"{name} is missing or too long")
    return octets
