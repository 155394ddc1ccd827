"""Single logout over the redirect binding, begun by us or by the provider.

python3-saml lets an unsigned message through and takes an absent Destination for the right one;
here a message is signed and addressed to us, or it is refused.
"""

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from onelogin.saml2.constants import OneLogin_Saml2_Constants as C
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.identification.identity import Farewell, NotIdentified, ProviderSession
from accounts.identification.saml.answers import UNREADABLE
from accounts.identification.saml.party import TRANSIENT

SIGNATURES = {C.RSA_SHA256, C.RSA_SHA384, C.RSA_SHA512}


@dataclass(frozen=True, slots=True)
class Wish:
    """The provider's wish that sessions end: their name, their indexes, and how to answer."""

    name_id: str
    indexes: tuple[str, ...]
    answer_url: str


def ask(auth: Any, session: ProviderSession) -> Farewell | None:
    """Return our request to end the provider's session; None where it takes no such request."""
    settings = auth.get_settings()
    if not auth.get_slo_url():
        return None
    url = auth.logout(
        # Empty, some providers would leave it out of what they verify.
        return_to="logout",
        name_id=session.name_id,
        # python3-saml writes the index into its template as it is.
        session_index=escape(session.index),
        nq=settings.get_idp_data()["entityId"],
        name_id_format=TRANSIENT,
        spnq=settings.get_sp_data()["entityId"],
    )
    return Farewell(url, auth.get_last_request_id())


def is_confirmed(auth: Any, data: dict[str, Any], request: str, url: str) -> bool:
    """Whether the provider's signed answer to our request says that its session has ended.

    `data` is the request as python3-saml wants it. Raises NotIdentified when it is no such answer.
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


def read_wish(auth: Any, data: dict[str, Any], url: str) -> Wish:
    """Return whose sessions the provider wants ended. Raises NotIdentified when it may not ask."""
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
    return Wish(name, tuple(indexes), _answer(auth, message.id, query))


def _check(auth: Any, root: Any, query: dict[str, str], kind: str, url: str) -> None:
    """The message must be signed by the provider, issued by it, and addressed to us."""
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
    """Return the address with our signed answer that the session has ended."""
    response = OneLogin_Saml2_Logout_Response(auth.get_settings())
    response.build(request)
    parameters = {"SAMLResponse": response.get_response()}
    if query.get("RelayState"):
        parameters["RelayState"] = query["RelayState"]
    auth.add_response_signature(parameters, C.RSA_SHA256)
    return str(auth.redirect_to(auth.get_slo_response_url(), parameters))
