"""The digest by which events name a second factor, so that a replaced row is noticed."""

import hashlib
import json

from allauth.mfa.models import Authenticator

# The part of the row's data that identifies the factor. It changes only where a secret is sealed by
# another key, of which an event tells.
ESSENCE = {
    Authenticator.Type.WEBAUTHN: "credential",
    Authenticator.Type.TOTP: "secret",
    Authenticator.Type.RECOVERY_CODES: "seed",
}


def digest_of(factor: Authenticator) -> str:
    """Return the SHA-256 (hex) of the row's essence."""
    essence = factor.data.get(ESSENCE[factor.type])
    text = json.dumps(essence, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
