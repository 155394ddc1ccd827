"""How the client authenticates to an OpenID Connect provider (OpenID Connect Core 1.0 §9)."""

import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from accounts.identification.oidc.discovery import Discovery, post_form
from accounts.identification.oidc.keys import OurKeys

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LASTS_SECONDS = 60


class ClientAuthentication:
    """Client authentication by private_key_jwt if there are keys, else by HTTP Basic."""

    def __init__(
        self, client_id: str, client_secret: str, keys: OurKeys | None, discovery: Discovery
    ) -> None:
        self.client_id = client_id
        self.client_secret = client_secret
        self.keys = keys
        self.discovery = discovery

    def post(self, endpoint: str, fields: dict[str, str]) -> dict[str, Any]:
        """Post a form to the endpoint of this name, authenticated; return the JSON answer.

        Raises NotIdentified if the provider refuses it, Unavailable if it does not answer.
        """
        address = self.discovery.endpoint(endpoint)
        if self.keys:
            assertion = self.keys.sign(self._assertion(), "JWT")
            proof = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
            return post_form(address, {**fields, "client_id": self.client_id, **proof})
        # RFC 6749 §2.3.1: both are form-encoded before HTTP Basic puts a colon between them.
        basic = (quote_plus(self.client_id), quote_plus(self.client_secret))
        return post_form(address, fields, basic)

    def _assertion(self) -> dict[str, Any]:
        """Return the claims of a client assertion (RFC 7523 §3) for one use."""
        now = int(datetime.now(UTC).timestamp())
        return {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.discovery.endpoint("token_endpoint"),
            "iat": now,
            "exp": now + ASSERTION_LASTS_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
