"""What an event calls a second factor, so that a row put in its place is noticed."""

import hashlib
import json

from allauth.mfa.models import Authenticator

# What makes the factor the one it is, and stays as it was made: the passkey's credential, the
# secret as it is stored.
_ESSENCE = {
    Authenticator.Type.WEBAUTHN: "credential",
    Authenticator.Type.TOTP: "secret",
    Authenticator.Type.RECOVERY_CODES: "seed",
}


def digest_of(factor: Authenticator) -> str:
    """Return the SHA-256 (hex) of the row's essence."""
    essence = factor.data.get(_ESSENCE[factor.type])
    text = json.dumps(essence, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
