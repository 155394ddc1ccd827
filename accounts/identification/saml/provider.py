"""The `Provider` implementation for SAML 2.0."""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import structlog

from accounts.identification import identity
from accounts.identification.freshness import check_freshness
from accounts.identification.saml import (
    answers,
    logout,
    messages,
    pending_answers,
    redirects,
    statements,
)
from accounts.identification.saml.federation import Federation
from accounts.identification.saml.party import Party
from certportal.foundation import clock

log = structlog.get_logger(__name__)


class Saml:
    """A SAML 2.0 identity provider: requests by redirect, answers by POST.

    `base_url` is our public address, `keys` the paths of our key pairs (certificate, key; the
    first signs), `metadata` the path of the provider's metadata, `levels` the accepted levels of
    assurance, `skew_seconds` the tolerated difference of clocks.
    """

    def __init__(
        self,
        *,
        base_url: str,
        entity_id: str,
        keys: tuple[tuple[str, str], ...],
        metadata: str,
        idp_entity_id: str,
        levels: tuple[str, ...],
        skew_seconds: int,
        contact: str,
    ) -> None:
        """Store the settings; files are read when first needed."""
        self.party = Party(base_url, entity_id, keys, levels)
        self.federation = Federation(metadata, idp_entity_id)
        self.skew = timedelta(seconds=skew_seconds)
        self.contact = contact

    def begin(
        self,
        *,
        callback: str,
        language: str,
        since: datetime | None = None,
        introduces: bool = False,
    ) -> identity.Departure:
        """Return the provider's address with our signed request; its id is kept in `memory`.

        `callback` is not used: answers come to the address in our metadata.
        """
        state, now = secrets.token_urlsafe(32), clock.now()
        idp = self.federation.idp(now=now)
        request = messages.sign_on(
            self.party, idp, force=since is not None, introduces=introduces, now=now
        )
        key = self.party.private_keys[0]
        url = redirects.address(idp.sign_on_url, "SAMLRequest", request, state, key)
        memory = {"request": request.get("ID")}
        if since is not None:
            memory["since"] = since.isoformat()
        # Suomi.fi-tunnistus takes the language as the last parameter, outside the signature.
        return identity.Departure(f"{url}&{urlencode({'locale': language})}", state, memory)

    def receive(self, posted: Mapping[str, str], *, now: datetime) -> dict[str, str]:
        """Verify a posted answer and return the query of the redirect to the return address.

        A refused answer is redirected too, because the person's language is known only in the
        session, which is not available in this request.
        """
        state = {"state": posted.get("RelayState", "")[:100]}
        try:
            statement = self.read(posted.get("SAMLResponse", ""), now=now)
            return state | {"arrival": pending_answers.keep(statement, now=now)}
        except identity.Cancelled:
            return state | {"error": "access_denied"}
        except identity.NotIdentified as error:
            log.warning("saml_answer_refused", problem=error.problem)
            return state | {"error": "refused"}

    def read(self, encoded: str, *, now: datetime) -> statements.Statement:
        """Return the statement in a SAMLResponse. Raises Cancelled, NotIdentified, Unavailable."""
        idp = self.federation.idp(now=now)
        answer = answers.read(encoded, self.party, idp)
        return statements.check(answer, self.party, idp.entity_id, skew=self.skew, now=now)

    def complete(
        self, answer: Mapping[str, str], memory: dict[str, str], *, callback: str, now: datetime
    ) -> identity.Identity:
        """Return the stored identity, if it is the answer to this browser's request."""
        if answer.get("error") == "access_denied":
            raise identity.Cancelled("access_denied")
        arrived = pending_answers.take(answer.get("arrival", ""), now=now)
        same = hmac.compare_digest(arrived.in_response_to.encode(), memory["request"].encode())
        if not same:
            raise identity.NotIdentified("answer to another request")
        proven_at = arrived.identity.proven_at
        check_freshness(proven_at and proven_at.timestamp(), memory.get("since"), now)
        return arrived.identity

    def end_session(self, session: identity.ProviderSession) -> identity.ProviderLogout | None:
        """Return our signed logout request; None if the provider has no logout address."""
        now = clock.now()
        return self._conversation(now).ask(session, now=now)

    def is_ended(self, raw: str, *, request: str, now: datetime) -> bool:
        """Whether the provider's answer to our logout request with id `request` reports success.

        `raw` is the query string as received. Raises NotIdentified if the answer is not valid.
        """
        return self._conversation(now).is_confirmed(raw, request)

    def logout_request(self, raw: str, *, now: datetime) -> logout.LogoutRequest:
        """Return the provider's logout request. Raises NotIdentified if it is not valid."""
        return self._conversation(now).read_request(raw, skew=self.skew, now=now)

    def _conversation(self, now: datetime) -> logout.Conversation:
        return logout.Conversation(self.party, self.federation.idp(now=now))
