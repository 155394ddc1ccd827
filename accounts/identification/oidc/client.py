"""Identification over OpenID Connect: code flow with PKCE, nonce and level of assurance.

Why this is not a social-login package: see docs/decisions/own-openid-connect-client.md.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError

from accounts.identification import claims
from accounts.identification.freshness import LEEWAY_SECONDS, check_freshness
from accounts.identification.identity import (
    Cancelled,
    Departure,
    Identity,
    NotIdentified,
    ProviderLogout,
    ProviderSession,
)
from accounts.identification.oidc.discovery import Discovery, exchanges, post_form
from accounts.identification.oidc.keys import SIGNATURES, OurKeys
from certportal.foundation.errors import Unavailable

log = structlog.get_logger(__name__)

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


REQUIRED = ("iss", "aud", "exp", "iat", "nonce", "acr")
# RFC 9101 §4: a request object lives only as long as the redirect takes.
REQUEST_LASTS_SECONDS = 300
# An authentication at the provider counts as long as an idle session of this service.
MAX_AGE_SECONDS = 3600


class OpenIdConnect:
    """An OpenID Connect provider; `levels` are the accepted values of `acr`.

    With `keys_file`, the private key set of `keys.py`, the client authenticates by
    private_key_jwt, signs its requests, and takes only encrypted ID tokens if the set has a key
    for encryption. `tells_auth_time` is False for a provider that authenticates at every request
    and does not say when; the time at which it made the token counts then.
    """

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        levels: tuple[str, ...],
        scope: str = "openid",
        keys_file: str = "",
        service_name: str = "",
        tells_auth_time: bool = True,
    ) -> None:
        """Store the client's settings; nothing is fetched before the first login."""
        self.client_id = client_id
        self.levels = levels
        self.scope = scope
        self.service_name = service_name
        self.tells_auth_time = tells_auth_time
        self.keys = OurKeys(keys_file) if keys_file else None
        self.discovery = Discovery(issuer)
        self._secret = client_secret

    @cached_property
    def authentication(self) -> ClientAuthentication:
        """How the client authenticates at the token endpoint and at PAR."""
        return ClientAuthentication(self.client_id, self._secret, self.keys, self.discovery)

    def begin(
        self,
        *,
        callback: str,
        language: str,
        since: datetime | None = None,
        introduces: bool = False,
    ) -> Departure:
        """Return the authorisation address, and the secrets that bind the answer to the browser."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        parameters = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": callback,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
            "acr_values": " ".join(self.levels),
            "ui_locales": language,
            # OpenID Connect Core 1.0 §3.1.2.1: max_age makes auth_time mandatory in the ID token.
            "max_age": str(0 if since else MAX_AGE_SECONDS),
        }
        memory = {"nonce": nonce, "verifier": verifier}
        if introduces:
            memory["introduces"] = "yes"
        if self.service_name:
            parameters["ftn_spname"] = self.service_name
        if since is not None:
            parameters["prompt"] = "login"
            memory["since"] = since.isoformat()
        return Departure(self._address(parameters), state, memory)

    def _address(self, parameters: dict[str, str]) -> str:
        """Return the authorisation address; the parameters signed and pushed where possible."""
        if self.keys:
            parameters = self._signed(parameters)
        if self.discovery.endpoint("pushed_authorization_request_endpoint"):
            parameters = {"client_id": self.client_id, "request_uri": self._pushed(parameters)}
        return f"{self.discovery.endpoint('authorization_endpoint')}?{urlencode(parameters)}"

    def _pushed(self, parameters: dict[str, str]) -> str:
        """Push the request (RFC 9126). A refusal is a fault of the settings, not the person's."""
        try:
            pushed = self.authentication.post("pushed_authorization_request_endpoint", parameters)
            return str(pushed["request_uri"])
        except (NotIdentified, KeyError) as error:
            problem = getattr(error, "problem", "no request_uri")
            log.error("pushed_request_refused", problem=problem)
            raise Unavailable("identification") from error

    def _signed(self, parameters: dict[str, str]) -> dict[str, str]:
        """Return the parameters as a signed request object (RFC 9101).

        OpenID Connect Core 1.0 §6.1 wants response_type, client_id and scope outside as well.
        """
        assert self.keys
        now = int(datetime.now(UTC).timestamp())
        times = {"iat": now, "nbf": now, "exp": now + REQUEST_LASTS_SECONDS}
        about = {"iss": self.client_id, "aud": self.discovery.issuer, **times}
        content = {**parameters, **about, "jti": secrets.token_urlsafe(16)}
        request = self.keys.sign(content, "oauth-authz-req+jwt")
        outside = {name: parameters[name] for name in ("response_type", "client_id", "scope")}
        return {**outside, "request": request}

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> Identity:
        """Exchange the code for an ID token, verify it and return its subject's identity."""
        if answer.get("iss", self.discovery.issuer) != self.discovery.issuer:
            raise NotIdentified("iss of the answer")
        if answer.get("error") == "access_denied":
            raise Cancelled("access_denied")
        if not answer.get("code"):
            raise NotIdentified("no code")
        with exchanges.patiently():
            token = self._exchange(answer["code"], memory["verifier"], callback)
            found = read_id_token(token, self.discovery, self.keys)
        self._check(found, memory["nonce"], now)
        if not self.tells_auth_time:
            found.setdefault("auth_time", found["iat"])
        check_freshness(found.get("auth_time"), memory.get("since"), now)
        identity = claims.identity(found)
        introduced = claims.introduced(found) if "introduces" in memory else None
        return replace(identity, introduced=introduced)

    def end_session(self, session: ProviderSession) -> ProviderLogout | None:
        """Return None: single logout is supported only over SAML."""
        return None

    def _exchange(self, code: str, verifier: str, callback: str) -> str:
        reply = self.authentication.post(
            "token_endpoint",
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": callback,
                "code_verifier": verifier,
            },
        )
        token = reply.get("id_token")
        if not isinstance(token, str):
            raise NotIdentified("no ID token")
        return token

    def _check(self, found: dict[str, Any], nonce: str, now: datetime) -> None:
        """Raise NotIdentified unless claims, times, parties, nonce and level are acceptable.

        OpenID Connect Core 1.0 §3.1.3.7; the times by the caller's clock.
        """
        if missing := [name for name in REQUIRED if found.get(name) is None]:
            raise NotIdentified(f"no {missing[0]}")
        audience = found["aud"] if isinstance(found["aud"], list) else [found["aud"]]
        if found["iss"] != self.discovery.issuer or self.client_id not in audience:
            raise NotIdentified("iss or aud")
        if found.get("azp", self.client_id if len(audience) == 1 else None) != self.client_id:
            raise NotIdentified("azp")
        if not _is_timely(found["iat"], found["exp"], now.astimezone(UTC).timestamp()):
            raise NotIdentified("time")
        if not hmac.compare_digest(str(found["nonce"]).encode(), nonce.encode()):
            raise NotIdentified("nonce")
        if found["acr"] not in self.levels:
            raise NotIdentified("acr")


def _is_timely(issued: Any, expires: Any, moment: float) -> bool:
    """Return whether a token with these times (seconds since 1970) is valid at the moment."""
    for value in (issued, expires):
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
    return bool(issued - LEEWAY_SECONDS <= moment <= expires + LEEWAY_SECONDS)


def challenge(verifier: str) -> str:
    """Return the S256 code challenge of a verifier (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


# RFC 7516 §3.1: an encrypted token has five parts; RFC 7515 §3.1: a signed one has three.
DOTS_OF_ENCRYPTED = 4


def read_id_token(token: str, discovery: Discovery, keys: OurKeys | None) -> dict[str, Any]:
    """Return the claims of a token after verifying the provider's signature and nothing else.

    Raises NotIdentified if it cannot be decrypted, is not encrypted although the provider has our
    key for that, or has no valid signature; Unavailable if the provider's keys cannot be fetched.
    """
    must = keys is not None and keys.decrypt_tokens
    if must != (token.count(".") == DOTS_OF_ENCRYPTED):
        raise NotIdentified("not encrypted" if must else "encrypted, and no key")
    try:
        signed = keys.decrypted(token) if keys and must else token
        kid = jws.extract_compact(signed.encode()).headers().get("kid", "")
        rules = jws.JWSRegistry(algorithms=SIGNATURES, strict_check_header=False)
        claims = dict(jwt.decode(signed, discovery.key(str(kid)), registry=rules).claims)
        json.dumps(claims, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (JoseError, ValueError) as error:
        raise NotIdentified(type(error).__name__) from error
    return claims
