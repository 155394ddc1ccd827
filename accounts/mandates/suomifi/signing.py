"""The header that authenticates requests to Suomi.fi-valtuudet."""

import base64
import hashlib
import hmac

HEADER = "X-AsiointivaltuudetAuthorization"


def checksum(key: str, path: str, stamp: str) -> str:
    """Return base64 of HMAC-SHA256 over the path, with its query, and the time in ISO 8601."""
    digest = hmac.new(key.encode(), f"{path} {stamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def header(client_id: str, key: str, path: str, stamp: str) -> dict[str, str]:
    """Return the header for a request of this path at this time."""
    return {HEADER: f"{client_id} {stamp} {checksum(key, path, stamp)}"}
