"""Codes and ID tokens of the test provider."""

import contextlib
import os
import secrets
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core import signing

from accounts.identification.testidp.persons import TestPerson
from certportal.foundation import limits
from certportal.foundation.errors import TooMany

KID = "testidp"
# The level that says "test" in the Finnish Trust Network; production accepts no such token.
LEVEL = "http://ftn.ficora.fi/2017/loatest2"
SALT = "accounts.testidp"
CODE_LASTS = timedelta(seconds=60)
TOKEN_LASTS = timedelta(minutes=5)


def new_code(person: TestPerson, asked: dict[str, str], *, now: datetime) -> str:
    """Return a code for the person who said now who they are, bound to what the client asked."""
    said = {"person": person.key, "at": str(int(now.timestamp()))}
    content = {**asked, **said, "once": secrets.token_urlsafe(16)}
    return signing.dumps(content, salt=SALT)


def redeem(code: str, *, now: datetime) -> dict[str, str] | None:
    """Return what the code was bound to; None when it is forged, old or already used."""
    try:
        content: dict[str, str] = signing.loads(code, salt=SALT, max_age=CODE_LASTS)
        limits.spend("testidp_code", content["once"], most=1, per=timedelta(days=1), now=now)
    except (signing.BadSignature, TooMany):
        return None
    return content


def claims(person: TestPerson, asked: dict[str, str], issuer: str, now: datetime) -> dict[str, Any]:
    """Return the content of the ID token."""
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
    """Return the signed ID token."""
    return jwt.encode(content, private_key(), algorithm="RS256", headers={"kid": KID})


def key_set() -> dict[str, list[dict[str, Any]]]:
    """Return the public key as a JSON Web Key Set."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private_key().public_key(), as_dict=True)
    return {"keys": [{**public, "kid": KID, "use": "sig", "alg": "RS256"}]}


@cache
def private_key() -> rsa.RSAPrivateKey:
    """Return the provider's key, kept in the data directory so that all processes share it."""
    path = Path(settings.PORTAL_DATA) / "testidp.pem"
    if not path.exists():
        _make(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    return cast(rsa.RSAPrivateKey, key)


def _make(path: Path) -> None:
    """Write a new key unless another process is quicker; nobody ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.{secrets.token_hex(4)}")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    draft.touch(mode=0o600)
    draft.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    # The other process's key is as good, should it be there by now.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
