"""Speaking to an OpenID provider: its published addresses, its keys, its token endpoint."""

import time
from http import HTTPStatus
from typing import Any

import jwt
import requests

from accounts.identification.identity import NotIdentified
from certportal.foundation.errors import Unavailable

TIMEOUT_SECONDS = (3, 10)
# How long addresses and keys are believed; an unknown key is asked for at once, but not more
# often than FRESH_SECONDS, so that forged tokens cannot make us hammer the provider.
KEEP_SECONDS = 3600
FRESH_SECONDS = 30


class Discovery:
    """What a provider publishes under its issuer address (OpenID Connect Discovery 1.0 §4)."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._configuration: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._configured_at = self._keyed_at = -float(KEEP_SECONDS)

    def endpoint(self, name: str) -> str:
        """Return an address the provider publishes; Unavailable when it cannot be had."""
        if time.monotonic() - self._configured_at > KEEP_SECONDS or not self._configuration:
            found = get_json(f"{self.issuer}/.well-known/openid-configuration")
            # §4.3: the issuer must be exactly the one asked for.
            if found.get("issuer") != self.issuer:
                raise Unavailable("identification: issuer differs")
            self._configuration, self._configured_at = found, time.monotonic()
        return str(self._configuration[name])

    def key(self, kid: str) -> Any:
        """Return the provider's public key with this id; NotIdentified when it has none such."""
        age = time.monotonic() - self._keyed_at
        if age > KEEP_SECONDS or (kid not in self._keys and age > FRESH_SECONDS):
            published = get_json(self.endpoint("jwks_uri")).get("keys", [])
            self._keys = {one.get("kid", ""): one for one in published}
            self._keyed_at = time.monotonic()
        if kid not in self._keys:
            raise NotIdentified("unknown key")
        return jwt.PyJWK.from_dict(self._keys[kid]).key


def get_json(address: str) -> dict[str, Any]:
    """Fetch a JSON object; Unavailable when the provider does not answer with one."""
    try:
        reply = requests.get(address, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        reply.raise_for_status()
        found: dict[str, Any] = reply.json()
    except (requests.RequestException, ValueError) as error:
        raise Unavailable("identification") from error
    return found


def post_form(address: str, fields: dict[str, str], client: tuple[str, str]) -> dict[str, Any]:
    """Post a form as the client (RFC 6749 §2.3.1); NotIdentified when the provider refuses it."""
    try:
        reply = requests.post(
            address, data=fields, auth=client, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
        found: dict[str, Any] = reply.json()
    except (requests.RequestException, ValueError) as error:
        raise Unavailable("identification") from error
    if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable("identification")
    if reply.status_code != HTTPStatus.OK:
        raise NotIdentified("token endpoint refused")
    return found
