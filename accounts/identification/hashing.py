"""The keyed hash by which a person is recognised; the identifier itself is never stored."""

import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True, slots=True)
class Digest:
    """HMAC-SHA256 of an identifier, in hex, and the version of the key that made it."""

    version: int
    value: str


def digests(kind: str, code: str) -> tuple[Digest, ...]:
    """Return the hash under every key in use, the newest first.

    The kind is part of the message, so that an eIDAS identifier and a personal identity code
    never have the same hash.
    """
    message = f"{kind}:{code}".encode()
    return tuple(
        Digest(version, hmac.new(key, message, hashlib.sha256).hexdigest())
        for version, key in keys()
    )


def keys() -> list[tuple[int, bytes]]:
    """Return (version, key) from ``IDENTITY_KEYS`` (``2:hex,1:hex``), newest first.

    Raises ImproperlyConfigured if the setting is malformed or a key is shorter than 32 bytes.
    """
    try:
        parts = [part.split(":", 1) for part in settings.IDENTITY_KEYS.split(",") if part.strip()]
        found = [(int(version), bytes.fromhex(key)) for version, key in parts]
    except ValueError as error:
        raise ImproperlyConfigured("IDENTITY_KEYS must be version:hex,…") from error
    if not found or any(len(key) < 32 for _version, key in found):
        raise ImproperlyConfigured("IDENTITY_KEYS must hold keys of at least 32 bytes")
    return sorted(found, reverse=True)
