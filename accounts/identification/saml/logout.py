"""Single logout over the redirect binding, started by this service or by the provider.

python3-saml accepts unsigned messages and messages without Destination. Here a message is refused
unless it is signed and its Destination is our address.
"""

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from onelogin.saml2.constants import OneLogin_Saml2_Constants as C
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.identification.identity import NotIdentified, ProviderLogout, ProviderSession
from accounts.identification.saml.answers import UNREADABLE
from accounts.identification.saml.party import TRANSIENT

SIGNATURES = {C.RSA_SHA256, C.RSA_SHA384, C.RSA_SHA512}


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """A logout request of the provider: NameID, session indexes, and the address of our answer."""

    name_id: str
    indexes: tuple[str, ...]
    answer_url: str


def ask(auth: Any, session: ProviderSession) -> ProviderLogout | None:
    """Return our logout request; None if the provider has no single logout service."""
    settings = auth.get_settings()
    if not auth.get_slo_url():
        return None
    url = auth.logout(
        # Not empty: some providers omit an empty RelayState from the verified query.
        return_to="logout",
        name_id=session.name_id,
        # python3-saml inserts the index into its XML template without escaping.
        session_index=escape(session.index),
        nq=settings.get_idp_data()["entityId"],
        name_id_format=TRANSIENT,
        spnq=settings.get_sp_data()["entityId"],
    )
    return ProviderLogout(url, auth.get_last_request_id())


def is_confirmed(auth: Any, data: dict[str, Any], request: str, url: str) -> bool:
    """Whether the provider's signed answer to our logout request reports success.

    `data` is from `request_data`, `request` the id of our request, `url` our logout address.
    Raises NotIdentified if the answer is unsigned, not addressed to us, or to another request.
    """
    query = data["get_data"]
    try:
        message = OneLogin_Saml2_Logout_Response(auth.get_settings(), query["SAMLResponse"])
        _check(auth, message.document, query, "SAMLResponse", url)
    except UNREADABLE as error:
        raise NotIdentified(type(error).__name__) from error
    if not message.is_valid(data, request) or message.get_in_response_to() != request:
        raise NotIdentified(f"logout response {str(message.get_error())[:100]}")
    return bool(message.get_status() == C.STATUS_SUCCESS)


def read_request(auth: Any, data: dict[str, Any], url: str) -> LogoutRequest:
    """Return the provider's logout request. Raises NotIdentified if it is not valid."""
    query, request = data["get_data"], OneLogin_Saml2_Logout_Request
    try:
        message = request(auth.get_settings(), query["SAMLRequest"])
        root = OneLogin_Saml2_XML.to_etree(message.get_xml())
        _check(auth, root, query, "SAMLRequest", url)
        if not message.is_valid(data):
            raise NotIdentified(f"logout request {str(message.get_error())[:100]}")
        name, indexes = request.get_nameid(root), request.get_session_indexes(root)
    except UNREADABLE as error:
        raise NotIdentified(type(error).__name__) from error
    return LogoutRequest(name, tuple(indexes), _answer(auth, message.id, query))


def _check(auth: Any, root: Any, query: dict[str, str], kind: str, url: str) -> None:
    """Raise NotIdentified unless the provider signed and issued the message, addressed to us."""
    if not query.get("Signature") or query.get("SigAlg") not in SIGNATURES:
        raise NotIdentified(f"{kind} is not signed")
    is_request = kind == "SAMLRequest"
    validate = auth.validate_request_signature if is_request else auth.validate_response_signature
    if not validate(query):
        raise NotIdentified(f"{kind}: signature")
    issuers = OneLogin_Saml2_XML.query(root, "./saml:Issuer")
    if [one.text for one in issuers] != [auth.get_settings().get_idp_data()["entityId"]]:
        raise NotIdentified(f"{kind}: Issuer")
    if root.get("Destination") != url:
        raise NotIdentified(f"{kind}: Destination")


def _answer(auth: Any, request: str, query: dict[str, str]) -> str:
    """Return the redirect address with our signed logout response."""
    response = OneLogin_Saml2_Logout_Response(auth.get_settings())
    response.build(request)
    parameters = {"SAMLResponse": response.get_response()}
    if query.get("RelayState"):
        parameters["RelayState"] = query["RelayState"]
    auth.add_response_signature(parameters, C.RSA_SHA256)
    return str(auth.redirect_to(auth.get_slo_response_url(), parameters))
