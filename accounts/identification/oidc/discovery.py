"""HTTP client for an OpenID provider: its configuration, its keys, its token endpoint."""

import time
from http import HTTPStatus
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import Key

from accounts.identification.identity import NotIdentified
from accounts.identification.oidc.keys import provider_keys
from certportal.foundation.errors import Unavailable
from certportal.foundation.outgoing import Outgoing, Reply

exchanges = Outgoing("identification")

# Cache lifetime of configuration and keys. An unknown key id causes a new fetch, but not more often
# than every FRESH_SECONDS, so that forged tokens cannot cause a flood of requests.
KEEP_SECONDS = 3600
FRESH_SECONDS = 30


class Discovery:
    """The configuration and keys that a provider publishes (OpenID Connect Discovery 1.0 §4)."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._configuration: dict[str, Any] = {}
        self._keys: dict[str, Key] = {}
        self._configured_at = self._keyed_at = -float(KEEP_SECONDS)

    def endpoint(self, name: str) -> str:
        """Return a published address by its name, such as "token_endpoint"; "" if there is none.

        Raises Unavailable if the configuration cannot be fetched or names another issuer.
        """
        if time.monotonic() - self._configured_at > KEEP_SECONDS or not self._configuration:
            # §4.1: a slash at the end of the issuer is removed before the path is appended.
            found = get_json(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            # §4.3: the issuer must be exactly the configured one.
            if found.get("issuer") != self.issuer:
                raise Unavailable("identification: issuer differs")
            self._configuration, self._configured_at = found, time.monotonic()
        return str(self._configuration.get(name, ""))

    def key(self, kid: str) -> Key:
        """Return the provider's public key with this id; without id its only key.

        Raises NotIdentified if there is none, Unavailable if the keys cannot be fetched.
        """
        age = time.monotonic() - self._keyed_at
        if age > KEEP_SECONDS or (kid not in self._keys and age > FRESH_SECONDS):
            try:
                self._keys = provider_keys(get_json(self.endpoint("jwks_uri")))
            except (JoseError, ValueError) as error:
                raise Unavailable("identification: keys") from error
            self._keyed_at = time.monotonic()
        if not kid and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if kid not in self._keys:
            raise NotIdentified("unknown key")
        return self._keys[kid]


def get_json(address: str) -> dict[str, Any]:
    """Fetch a JSON object. Raises Unavailable if the provider does not return one."""
    try:
        reply = exchanges.send("GET", address)
        if reply.status != HTTPStatus.OK:
            raise ValueError(f"status {reply.status}")
        return _object(reply)
    except ValueError as error:
        raise Unavailable("identification") from error


def post_form(
    address: str, fields: dict[str, str], basic: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Post a form, with HTTP Basic if given, and return the JSON answer.

    Raises NotIdentified if the provider refuses it, Unavailable if it does not answer.
    """
    try:
        reply = exchanges.send("POST", address, data=fields, auth=basic)
        found = _object(reply)
    except ValueError as error:
        raise Unavailable("identification") from error
    # RFC 9126 §2.2: a pushed request is answered with 201.
    if reply.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise NotIdentified(f"refused: {str(found.get('error', ''))[:40]!r}")
    return found


def _object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object in an answer. Raises ValueError for anything else."""
    found = reply.json()
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found
