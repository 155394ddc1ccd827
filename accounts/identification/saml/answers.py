"""Reading of a SAML Response: decoding, status, signature, decryption and addressing."""

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

# A Response of Suomi.fi-tunnistus with all attributes is smaller than a tenth of this.
MAX_CHARACTERS = 256 * 1024
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
# SAML 2.0 Core, 3.2.2.2: second-level status if the person failed or cancelled.
TURNED_BACK = {f"{STATUS}AuthnFailed", f"{STATUS}RequestDenied"}
UNREADABLE = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    etree.XMLSyntaxError,
    xmlsec.Error,
    binascii.Error,
    ValueError,
    # python3-saml raises these if the decrypted content is not an element.
    TypeError,
    AttributeError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified Response and its assertion, whose conditions are still to be judged."""

    response: OneLogin_Saml2_Response
    assertion: Any
    in_response_to: str


def read(encoded: str, party: Party, idp: dict[str, Any], *, now: datetime) -> Answer:
    """Return the answer in a posted SAMLResponse (base64), verified to be from `idp` and to us.

    `idp` is the provider in python3-saml's settings. Raises Cancelled if the status says that the
    person cancelled, NotIdentified for every other fault.
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
    """Decrypt with the first of our keys that works."""
    problem: Exception | None = None
    for pair in party.pairs:
        settings = OneLogin_Saml2_Settings(party.toolkit(idp, pair))
        try:
            return OneLogin_Saml2_Response(settings, encoded)
        except UNREADABLE as error:
            problem = error
    raise NotIdentified("cannot be decrypted") from problem


def _departure(root: Any, party: Party) -> str:
    """Return InResponseTo. Raises NotIdentified if Destination is not exactly our address."""
    if root.get("Destination") != party.answer_url:
        raise NotIdentified("Destination")
    request = root.get("InResponseTo")
    if not request:
        raise NotIdentified("unsolicited")
    return str(request)
