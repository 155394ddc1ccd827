"""Random tokens for links: 256 bits, kept only as a hash."""

import base64
import hashlib
import secrets

from django.utils.crypto import salted_hmac


def new() -> str:
    """Return a fresh URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the SHA-256 of the token in hex: what is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def derived(purpose: str, key: str) -> str:
    """Return the token of a stored thing: 256 bits from its key and the service's secret key.

    So a mail can be written, and written again, while only the token's hash is stored. A new
    token needs a new key.
    """
    value = salted_hmac(f"token.{purpose}", key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(value).decode().rstrip("=")
