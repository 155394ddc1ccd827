"""Verifies WebAuthn assertions: that a passkey signed a challenge on this service's pages."""

import struct
from collections.abc import Collection
from functools import cache, lru_cache
from typing import get_type_hints

from cryptography.exceptions import UnsupportedAlgorithm
from fido2 import utils, webauthn
from fido2.server import Fido2Server

from issuance.approvers.assertion import Assertion, BadAssertion, base64url

MOST_REMEMBERED = 1024
"""Most assertions found good that a process remembers; each has at most 15 kB."""

# Exceptions of fido2 for malformed CBOR, keys or JSON, and for keys of unknown kinds.
_UNREADABLE: tuple[type[Exception], ...] = (
    *[ValueError, LookupError, TypeError, AttributeError, NotImplementedError],
    *[struct.error, RecursionError, UnsupportedAlgorithm],
)


def verify(
    assertion: Assertion,
    challenge: bytes,
    *,
    credential: bytes,
    rp_id: str,
    origins: Collection[str],
) -> None:
    """Raise BadAssertion unless the passkey signed this challenge here (WebAuthn 7.2).

    ``credential`` is the passkey's attested credential data, with id and public key. The person
    must have been present and verified (PIN or biometrics). The signature counter is not checked
    here, where one answer is verified several times, but when the answer arrives
    (accounts.services.people.second_factor).
    """
    # As plain bytes: fido2 gives credentials of a class that cannot be remembered.
    _require_signed(assertion, bytes(challenge), bytes(credential), rp_id, tuple(origins))


@lru_cache(MOST_REMEMBERED)
def _require_signed(
    assertion: Assertion, challenge: bytes, credential: bytes, rp_id: str, origins: tuple[str, ...]
) -> None:
    """Raise BadAssertion unless it is as `verify` says, which the arguments alone decide.

    What was found good is remembered: one assertion approves each attempt of a plan, and all are
    verified once more just before signing.
    """
    server = _server(rp_id, origins)
    wanted = {
        "challenge": base64url(challenge),
        "user_verification": webauthn.UserVerificationRequirement.REQUIRED,
    }
    try:
        if webauthn.CollectedClientData(assertion.client_data).cross_origin is not False:
            raise BadAssertion("it was made inside a page of another origin")
        known = [webauthn.AttestedCredentialData(credential)]
        server.authenticate_complete(wanted, known, _as_response(assertion))
    except BadAssertion:
        raise
    except _UNREADABLE as error:
        raise BadAssertion(str(error) or type(error).__name__) from error


@lru_cache(8)  # making one takes as long as verifying an assertion
def _server(rp_id: str, origins: tuple[str, ...]) -> Fido2Server:
    rp = webauthn.PublicKeyCredentialRpEntity(id=rp_id, name=rp_id)
    return Fido2Server(rp, verify_origin=origins.__contains__)


# For each object, fido2 evaluates the annotations of its class anew.
utils.get_type_hints = cache(get_type_hints)  # type: ignore[attr-defined, assignment]


def _as_response(assertion: Assertion) -> webauthn.AuthenticationResponse:
    return webauthn.AuthenticationResponse(
        raw_id=assertion.credential_id,
        response=webauthn.AuthenticatorAssertionResponse(
            client_data=webauthn.CollectedClientData(assertion.client_data),
            authenticator_data=webauthn.AuthenticatorData(assertion.authenticator_data),
            signature=assertion.signature,
        ),
    )


@lru_cache(MOST_REMEMBERED)
def credential_id(credential: bytes) -> bytes:
    """Return the id in attested credential data. Raises BadAssertion."""
    try:
        found = webauthn.AttestedCredentialData(credential)
    except _UNREADABLE as error:
        raise BadAssertion(str(error) or type(error).__name__) from error
    return bytes(found.credential_id)
