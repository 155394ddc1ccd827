"""The messages that this service sends: requests for identification and logout, and answers."""

import secrets
from datetime import UTC, datetime

from lxml import etree
from lxml.builder import ElementMaker

from accounts.identification.identity import ProviderSession
from accounts.identification.saml.answers import SUCCESS
from accounts.identification.saml.documents import ASSERTION, NAMESPACES, PROTOCOL, Element
from accounts.identification.saml.federation import IdentityProvider
from accounts.identification.saml.party import TRANSIENT, Party
from accounts.identification.saml.structure import VERSION

POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
NSMAP = {prefix: NAMESPACES[prefix] for prefix in ("samlp", "saml")}
SAMLP = ElementMaker(namespace=PROTOCOL, nsmap=NSMAP)
SAML = ElementMaker(namespace=ASSERTION, nsmap=NSMAP)
# A prefix of the request's id: the source of mandates is to be told who the person is. The answer
# is read before the browser's session is known, and it has the id under the provider's signature.
INTRODUCES = "_introduces-"


def sign_on(
    party: Party, idp: IdentityProvider, *, force: bool, introduces: bool = False, now: datetime
) -> Element:
    """Return a request for identification (SAML 2.0 Core, 3.4.1).

    With `force` the person must authenticate again; `introduces`: see `INTRODUCES`.
    """
    levels = [SAML.AuthnContextClassRef(level) for level in party.levels]
    request = _message("AuthnRequest", party, idp.sign_on_url, now)
    if introduces:
        request.set("ID", f"{INTRODUCES}{secrets.token_hex(20)}")
    request.set("ProtocolBinding", POST)
    request.set("AssertionConsumerServiceURL", party.answer_url)
    if force:
        request.set("ForceAuthn", "true")
    request.append(SAMLP.NameIDPolicy(Format=TRANSIENT, AllowCreate="true"))
    request.append(SAMLP.RequestedAuthnContext(*levels, Comparison="exact"))
    return request


def logout(
    party: Party, idp: IdentityProvider, session: ProviderSession, *, now: datetime
) -> Element:
    """Return a request to end the provider's session (SAML 2.0 Core, 3.7.1)."""
    name = SAML.NameID(
        session.name_id,
        Format=TRANSIENT,
        NameQualifier=idp.entity_id,
        SPNameQualifier=party.entity_id,
    )
    request = _message("LogoutRequest", party, idp.logout_url, now)
    request.append(name)
    if session.index:
        request.append(SAMLP.SessionIndex(session.index))
    return request


def logged_out(party: Party, idp: IdentityProvider, request: str, *, now: datetime) -> Element:
    """Return the answer to the provider's logout request with this id."""
    response = _message("LogoutResponse", party, idp.logout_answer_url, now)
    response.set("InResponseTo", request)
    response.append(SAMLP.Status(SAMLP.StatusCode(Value=SUCCESS)))
    return response


def _message(kind: str, party: Party, to: str, now: datetime) -> Element:
    message = etree.Element(f"{{{PROTOCOL}}}{kind}", nsmap=NSMAP)
    message.set("ID", f"_{secrets.token_hex(20)}")
    message.set("Version", VERSION)
    message.set("IssueInstant", f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    message.set("Destination", to)
    message.append(SAML.Issuer(party.entity_id))
    return message
