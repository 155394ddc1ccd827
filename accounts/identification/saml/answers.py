"""From the bytes of an answer to a statement about a person, or to the reason why there is none."""

import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xmlsec
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as C
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.identification.identity import Cancelled, NotIdentified
from accounts.identification.saml.party import Party, request_data
from accounts.identification.saml.structure import check_sealed, find_assertion

# An answer of Suomi.fi-tunnistus with every attribute there is stays below a tenth of this.
MAX_CHARACTERS = 256 * 1024
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
# SAML 2.0 Core, 3.2.2.2: what a provider says of a person who could not or would not.
TURNED_BACK = {f"{STATUS}AuthnFailed", f"{STATUS}RequestDenied"}
UNREADABLE = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    etree.XMLSyntaxError,
    xmlsec.Error,
    binascii.Error,
    ValueError,
    # What decrypts to something else than an element trips python3-saml up.
    TypeError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose signature and place are in order: its assertion, read by nobody else yet."""

    response: OneLogin_Saml2_Response
    assertion: Any
    in_response_to: str


def read(encoded: str, party: Party, idp: dict[str, Any], *, now: datetime) -> Answer:
    """Return the answer in a posted SAMLResponse once it is shown to be the provider's, to us.

    Raises Cancelled when it says that the person turned back, NotIdentified for all else.
    """
    if not encoded or len(encoded) > MAX_CHARACTERS:
        raise NotIdentified("no SAMLResponse")
    try:
        root = OneLogin_Saml2_XML.to_etree(OneLogin_Saml2_Utils.b64decode(encoded))
    except UNREADABLE as error:
        raise NotIdentified(type(error).__name__) from error
    _check_status(root)
    check_sealed(root)
    response = _open(encoded, party, idp)
    if not response.is_valid(request_data(party.answer_url)):
        raise NotIdentified(str(response.get_error())[:160])
    assertion = find_assertion(response.get_xml_document())
    return Answer(response, assertion, _departure(root, party))


def _check_status(root: Any) -> None:
    codes = OneLogin_Saml2_XML.query(root, "/samlp:Response/samlp:Status//samlp:StatusCode")
    values = [code.get("Value", "") for code in codes]
    if TURNED_BACK & set(values[1:]):
        raise Cancelled(values[1])
    if values != [C.STATUS_SUCCESS]:
        raise NotIdentified(f"status {' '.join(values)[:160]}")


def _open(encoded: str, party: Party, idp: dict[str, Any]) -> OneLogin_Saml2_Response:
    """Decrypt with whichever of our keys fits."""
    problem: Exception | None = None
    for pair in party.pairs:
        settings = OneLogin_Saml2_Settings(party.toolkit(idp, pair))
        try:
            return OneLogin_Saml2_Response(settings, encoded)
        except UNREADABLE as error:
            problem = error
    raise NotIdentified("cannot be decrypted") from problem


def _departure(root: Any, party: Party) -> str:
    """Return the request that is answered; the answer must be addressed to us exactly."""
    if root.get("Destination") != party.answer_url:
        raise NotIdentified("Destination")
    request = root.get("InResponseTo")
    if not request:
        raise NotIdentified("unsolicited")
    return str(request)
