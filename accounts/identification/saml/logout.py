"""Single logout over the redirect binding, started by this service or by the provider.

A message is refused unless the provider signed and issued it and its Destination is our address.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.identification.identity import NotIdentified, ProviderLogout, ProviderSession
from accounts.identification.saml import messages, redirects
from accounts.identification.saml.answers import SUCCESS, statuses
from accounts.identification.saml.documents import PROTOCOL, Element, all_of, moment, single, whole
from accounts.identification.saml.federation import IdentityProvider
from accounts.identification.saml.party import Party
from accounts.identification.saml.structure import VERSION

KINDS = {"SAMLRequest": "LogoutRequest", "SAMLResponse": "LogoutResponse"}


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A logout request of the provider: NameID, session indexes, and the address of our answer."""

    name_id: str
    indexes: tuple[str, ...]
    answer_url: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """This service and the provider, who exchange logout messages."""

    party: Party
    idp: IdentityProvider

    def ask(self, session: ProviderSession, *, now: datetime) -> ProviderLogout | None:
        """Return our logout request; None if the provider has no single logout service."""
        if not self.idp.logout_url:
            return None
        request = messages.logout(self.party, self.idp, session, now=now)
        # Not empty: some providers omit an empty RelayState from the verified query.
        url = self._address(self.idp.logout_url, "SAMLRequest", request, "logout")
        return ProviderLogout(url, request.get("ID"))

    def is_confirmed(self, raw: str, request: str) -> bool:
        """Whether the provider's signed answer to our logout request reports success.

        `raw` is the query string as received, `request` the id of our request. Raises
        NotIdentified if the answer is unsigned, not addressed to us, or to another request.
        """
        message = self._read(raw, "SAMLResponse").message
        if not request or message.get("InResponseTo") != request:
            raise NotIdentified("logout response to another request")
        return statuses(message)[:1] == [SUCCESS]

    def read_request(self, raw: str, *, skew: timedelta, now: datetime) -> LogoutRequest:
        """Return the provider's logout request. Raises NotIdentified if it is not valid."""
        received = self._read(raw, "SAMLRequest")
        message = received.message
        if message.get("NotOnOrAfter") and moment(message, "NotOnOrAfter") <= now - skew:
            raise NotIdentified("logout request is over")
        name = whole(single(message, "./saml:NameID"))
        indexes = tuple(whole(index) for index in all_of(message, "./samlp:SessionIndex"))
        answer = messages.logged_out(self.party, self.idp, message.get("ID") or "", now=now)
        to = self.idp.logout_answer_url
        if not to:
            raise NotIdentified("no address for the logout response")
        return LogoutRequest(
            name, indexes, self._address(to, "SAMLResponse", answer, received.relay)
        )

    def _address(self, url: str, kind: str, message: Element, relay: str) -> str:
        return redirects.address(url, kind, message, relay, self.party.private_keys[0])

    def _read(self, raw: str, kind: str) -> redirects.Received:
        """Return the message. Raises NotIdentified unless the provider sent it to our address."""
        received = redirects.read(raw, kind, self.idp.certificates)
        message = received.message
        if message.tag != f"{{{PROTOCOL}}}{KINDS[kind]}" or message.get("Version") != VERSION:
            raise NotIdentified(f"{kind}: another message")
        if whole(single(message, "./saml:Issuer")) != self.idp.entity_id:
            raise NotIdentified(f"{kind}: Issuer")
        if message.get("Destination") != self.party.logout_url:
            raise NotIdentified(f"{kind}: Destination")
        return received
