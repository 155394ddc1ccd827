"""The fingerprint of a passkey, which its holder reads out to the operator who enrols it.

It is computed from the octets that the browser gets when the passkey is made: those of
``getAuthenticatorData()`` from the 54th on, which are the length of the id, the id and the public
key (WebAuthn 6.5.1).
"""

import base64
import hashlib

_AAGUID = 16
_OCTETS = 10
"""80 bits: nobody finds another passkey with the same fingerprint."""


def fingerprint(credential: bytes) -> str:
    """Return the fingerprint of attested credential data, such as `K7QF-2MXA-J3DN-WZ5C`."""
    digest = hashlib.sha256(bytes(credential)[_AAGUID:]).digest()[:_OCTETS]
    return grouped(base64.b32encode(digest).decode())


def grouped(text: str) -> str:
    """Return a fingerprint as typed in the form in which it is shown."""
    bare = "".join(each for each in text.upper() if each.isalnum())
    return "-".join(bare[at : at + 4] for at in range(0, len(bare), 4))
