"""Authorisation codes and ID tokens of the test provider."""

import contextlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import signing
from joserfc import jwt
from joserfc.jwk import RSAKey

from accounts.identification.testidp.persons import TestPerson
from certportal.foundation import own_files
from certportal.foundation.errors import TooMany
from certportal.foundation.web import limits

KID = "testidp"
# The test level of assurance of the Finnish Trust Network; not accepted in production.
LEVEL = "http://ftn.ficora.fi/2017/loatest2"
SALT = "accounts.testidp"
CODE_LASTS = timedelta(seconds=60)
TOKEN_LASTS = timedelta(minutes=5)


def new_code(person: TestPerson, asked: dict[str, str], *, now: datetime) -> str:
    """Return a code for a person who authenticates now, bound to the client's request."""
    login = {"person": person.key, "at": str(int(now.timestamp()))}
    return signing.dumps({**asked, **login, "once": secrets.token_urlsafe(16)}, salt=SALT)


def redeem(code: str, *, now: datetime) -> dict[str, str] | None:
    """Return the content of the code; None if it is forged, expired or already used."""
    try:
        content: dict[str, str] = signing.loads(code, salt=SALT, max_age=CODE_LASTS)
        limits.spend("testidp_code", content["once"], most=1, per=timedelta(days=1), now=now)
    except (signing.BadSignature, TooMany):
        return None
    return content


def claims(person: TestPerson, asked: dict[str, str], issuer: str, now: datetime) -> dict[str, Any]:
    """Return the claims of the ID token; `asked` is the content of the code."""
    return {
        "iss": issuer,
        "aud": asked["client_id"],
        "sub": person.key,
        "iat": int(now.timestamp()),
        "exp": int((now + TOKEN_LASTS).timestamp()),
        "nonce": asked["nonce"],
        "acr": LEVEL,
        "auth_time": int(asked["at"]),
        **person.claims(),
    }


def id_token(content: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": KID}, content, private_key())


def key_set() -> dict[str, list[dict[str, Any]]]:
    """Return the public key as a JSON Web Key Set."""
    return {"keys": [private_key().as_dict(private=False)]}


@cache
def private_key() -> RSAKey:
    """Return the signing key, stored in the data directory and so shared by all processes."""
    path = Path(settings.PORTAL_DATA) / "testidp.pem"
    if not path.exists():
        _make(path)
    return RSAKey.import_key(path.read_bytes(), {"kid": KID, "use": "sig", "alg": "RS256"})


def _make(path: Path) -> None:
    """Write a new key, atomically, unless another process has written one meanwhile."""
    # If another process has written a key first, that key is used.
    with contextlib.suppress(FileExistsError):
        own_files.write_new(path, RSAKey.generate_key(2048).as_pem(private=True), own_files.OWN)
