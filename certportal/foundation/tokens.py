"""Random tokens for links: 256 bits, kept only as a hash."""

import hashlib
import secrets


def new() -> str:
    """Return a fresh URL-safe token of 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return the SHA-256 of the token in hex: what is stored and looked up."""
    return hashlib.sha256(token.encode()).hexdigest()
