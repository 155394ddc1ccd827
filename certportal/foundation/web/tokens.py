"""Tokens for links: 256 bits, stored only as a hash."""

import base64
import hashlib
import secrets

from django.utils.crypto import salted_hmac

# Of a mailed code that a person types.
DIGITS = 8


def new() -> str:
    """Return a new URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the token's SHA-256 in hex, which is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def derived(purpose: str, key: str) -> str:
    """Return a URL-safe token derived by HMAC-SHA-256 from `key` and the service's secret key.

    So a mail can be written again although only the token's hash is stored. A new token needs a
    new `key`.
    """
    value = salted_hmac(f"token.{purpose}", key, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def digits(purpose: str, key: str) -> str:
    """Return the `DIGITS` of a mailed code, an HMAC of `key` under the service's secret key."""
    value = salted_hmac(purpose, key, algorithm="sha256").hexdigest()
    return f"{int(value, 16) % 10**DIGITS:0{DIGITS}}"


def readable(code: str) -> str:
    """Return the digits of a mailed code in two groups, as the form's example has them."""
    return f"{code[: DIGITS // 2]} {code[DIGITS // 2 :]}"
