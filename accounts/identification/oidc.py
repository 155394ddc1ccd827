"""Identification over OpenID Connect: code flow with PKCE, nonce and level of assurance.

Own client rather than a social-login package: see docs/decisions/own-openid-connect-client.md.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt

from accounts.identification import claims
from accounts.identification.discovery import Discovery, post_form
from accounts.identification.freshness import LEEWAY_SECONDS, judge_freshness
from accounts.identification.identity import (
    Cancelled,
    Departure,
    Farewell,
    Identity,
    NotIdentified,
    ProviderSession,
)

REQUIRED = ["iss", "aud", "exp", "iat", "nonce", "acr"]


class OpenIdConnect:
    """A provider that speaks OpenID Connect; `levels` are the accepted values of `acr`."""

    def __init__(
        self, *, issuer: str, client_id: str, client_secret: str, levels: tuple[str, ...]
    ) -> None:
        """Keep the client's own particulars; nothing is fetched before the first login."""
        self.client_id = client_id
        self.client_secret = client_secret
        self.levels = levels
        self.discovery = Discovery(issuer)

    def begin(self, *, callback: str, language: str, since: datetime | None = None) -> Departure:
        """Return the authorisation address and the secrets that tie the answer to this browser."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": callback,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "acr_values": " ".join(self.levels),
            "ui_locales": language,
        }
        address = self.discovery.endpoint("authorization_endpoint")
        memory = {"nonce": nonce, "verifier": verifier}
        if since is not None:
            # OpenID Connect Core 1.0 §3.1.2.1; max_age makes auth_time obligatory in the answer.
            parameters |= {"prompt": "login", "max_age": "0"}
            memory["since"] = since.isoformat()
        return Departure(f"{address}?{urlencode(parameters)}", state, memory)

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> Identity:
        """Exchange the code, check the ID token and return who it is about."""
        if answer.get("error") == "access_denied":
            raise Cancelled("access_denied")
        if not answer.get("code"):
            raise NotIdentified("no code")
        token = self._exchange(answer["code"], memory["verifier"], callback)
        found = self._check(token, memory["nonce"], now)
        judge_freshness(found.get("auth_time"), memory.get("since"), now)
        return claims.identity(found)

    def farewell(self, session: ProviderSession) -> Farewell | None:
        """Return None: single logout is spoken over SAML alone."""
        return None

    def _exchange(self, code: str, verifier: str, callback: str) -> str:
        reply = post_form(
            self.discovery.endpoint("token_endpoint"),
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": callback,
                "code_verifier": verifier,
            },
            (self.client_id, self.client_secret),
        )
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise NotIdentified("no ID token")
        return token

    def _check(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        """Verify signature, issuer, audience, times, nonce and level of an ID token."""
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self.discovery.key(jwt.get_unverified_header(token).get("kid", "")),
                algorithms=["RS256", "ES256", "PS256"],
                issuer=self.discovery.issuer,
                audience=self.client_id,
                # Times are judged below, by the caller's clock.
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            raise NotIdentified(type(error).__name__) from error
        self._judge(found, nonce, now)
        return found

    def _judge(self, found: dict[str, Any], nonce: str, now: datetime) -> None:
        """Raise NotIdentified when the token is old, another's, or of too low a level."""
        moment = now.astimezone(UTC).timestamp()
        if found["exp"] + LEEWAY_SECONDS < moment or found["iat"] - LEEWAY_SECONDS > moment:
            raise NotIdentified("time")
        if found.get("azp", self.client_id) != self.client_id:
            raise NotIdentified("azp")
        if not hmac.compare_digest(str(found["nonce"]).encode(), nonce.encode()):
            raise NotIdentified("nonce")
        if found["acr"] not in self.levels:
            raise NotIdentified("acr")


def challenge(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
