"""Our own keys towards an OpenID Connect provider: a private JSON Web Key Set in a file (RFC 7517).

The first key with `use` "sig" signs requests and client assertions. Every key with `use` "enc"
decrypts ID tokens. The provider is given the public part of all keys, so a key is published before
it signs and decrypts after it has been replaced.
"""

import contextlib
import json
import uuid
from functools import cached_property
from pathlib import Path
from typing import Any

from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeyParameters, KeySet, RSAKey, import_key

from certportal.foundation import own_files

# RFC 7518 §3.1: asymmetric signatures. MACs would make the client secret a signing key.
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# RFC 7518 §4.1. RSA1_5 is left out (Bleichenbacher), `dir` and the AES wraps have shared keys.
KEY_ENCRYPTIONS = ("RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW")
CONTENT_ENCRYPTIONS = ("A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512")
USES = ("sig", "enc")


class KeysUnusable(ValueError):
    """The file is not a private key set that can sign. The message names the file and the fault."""


class OurKeys:
    """The private key set in a file; read when first needed."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        """The private keys, in the order of the file. Raises KeysUnusable."""
        try:
            found = json.loads(self.path.read_text())["keys"]
            keys = tuple(import_key(each) for each in found)
        except (OSError, ValueError, TypeError, KeyError, JoseError) as error:
            raise KeysUnusable(f"{self.path}: not a JSON Web Key Set ({error}).") from error
        _refuse_unfit(self.path, keys)
        return keys

    def sign(self, claims: dict[str, Any], kind: str) -> str:
        """Return a signed JWT; `kind` is its `typ` (RFC 8725 §3.11)."""
        key = next(key for key in self.keys if key.get("use") == "sig")
        algorithm = str(key.get("alg"))
        header = {"alg": algorithm, "kid": key.kid, "typ": kind}
        return jwt.encode(header, claims, key, [algorithm])

    @property
    def decrypt_tokens(self) -> bool:
        """Whether the set has a key for encryption, so that every ID token must be encrypted."""
        return any(key.get("use") == "enc" for key in self.keys)

    def decrypted(self, token: str) -> str:
        """Return the signed token inside an encrypted one. Raises JoseError."""
        ours = KeySet([key for key in self.keys if key.get("use") == "enc"])
        # RFC 7519 §5.3: a provider may repeat claims such as iss and aud in the header.
        algorithms = [*KEY_ENCRYPTIONS, *CONTENT_ENCRYPTIONS]
        rules = jwe.JWERegistry(algorithms=algorithms, strict_check_header=False)
        opened = jwe.decrypt_compact(token, ours, registry=rules)
        return (opened.plaintext or b"").decode("ascii", "replace")

    def public(self) -> dict[str, list[dict[str, Any]]]:
        """Return the key set that the provider is given."""
        return {"keys": [key.as_dict(private=False) for key in self.keys]}


def _refuse_unfit(path: Path, keys: tuple[Key, ...]) -> None:
    for key in keys:
        allowed = {"sig": SIGNATURES, "enc": KEY_ENCRYPTIONS}.get(str(key.get("use")), ())
        if key.get("alg") not in allowed or not key.get("kid") or not key.is_private:
            raise KeysUnusable(
                f"{path}: each key must be private and have a kid, a use (sig or enc)"
                f" and an alg that belongs to it ({', '.join((*SIGNATURES, *KEY_ENCRYPTIONS))})."
            )
    if not any(key.get("use") == "sig" for key in keys):
        raise KeysUnusable(f"{path}: no key has the use sig.")


def new_key(use: str, algorithm: str) -> dict[str, Any]:
    """Return a new private key: P-256 for EC algorithms, else RSA of 3072 bits."""
    about: KeyParameters = {"use": use, "alg": algorithm, "kid": uuid.uuid4().hex}
    if algorithm.startswith(("ES", "ECDH")):
        size = {"ES384": "P-384", "ES512": "P-521"}.get(algorithm, "P-256")
        return dict(ECKey.generate_key(size, about).as_dict(private=True))
    return dict(RSAKey.generate_key(3072, about).as_dict(private=True))


def write(path: Path, keys: list[dict[str, Any]]) -> None:
    """Write a private key set, readable by this user only, and replace an earlier one."""
    own_files.replace(path, json.dumps({"keys": keys}, indent=1).encode(), own_files.OWN)


def provider_keys(published: dict[str, Any]) -> dict[str, Key]:
    """Return the signing keys of a provider's key set by their ids; others are left out."""
    found, listed = {}, published.get("keys")
    for key in listed if isinstance(listed, list) else []:
        # One on an unsupported curve, or that is none, must not make the other keys unusable.
        with contextlib.suppress(JoseError, ValueError, KeyError, TypeError, AttributeError):
            if key.get("use", "sig") == "sig" and key.get("kty") in {"RSA", "EC"}:
                found[str(key.get("kid", ""))] = import_key(key)
    return found
