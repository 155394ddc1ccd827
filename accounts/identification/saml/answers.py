"""Reading of a SAML Response: decoding, status, signature, decryption and addressing."""

from dataclasses import dataclass

from accounts.identification.identity import Cancelled, NotIdentified
from accounts.identification.saml.documents import Element, all_of, decode, parse, whole
from accounts.identification.saml.encryption import decrypt
from accounts.identification.saml.federation import IdentityProvider
from accounts.identification.saml.party import Party
from accounts.identification.saml.signatures import verified
from accounts.identification.saml.structure import check_assertion, check_response, find_encrypted

# A Response of Suomi.fi-tunnistus with all attributes is smaller than a tenth of this.
MAX_CHARACTERS = 256 * 1024
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SUCCESS = f"{STATUS}Success"
# SAML 2.0 Core, 3.2.2.2: second-level status if the person failed or cancelled.
TURNED_BACK = {f"{STATUS}AuthnFailed", f"{STATUS}RequestDenied"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The signed content of an assertion, whose conditions are still to be checked."""

    assertion: Element
    in_response_to: str


def read(encoded: str, party: Party, idp: IdentityProvider) -> Answer:
    """Return the answer in a posted SAMLResponse (base64), verified to be from `idp` and to us.

    A signature of the Response itself must hold if it is there, but is not enough. Raises
    Cancelled if the status says that the person cancelled, NotIdentified for every other fault.
    """
    if not encoded or len(encoded) > MAX_CHARACTERS:
        raise NotIdentified("no SAMLResponse")
    root = parse(decode(encoded))
    check_response(root)
    _check_status(root)
    encrypted = find_encrypted(root)
    if all_of(root, "./ds:Signature"):
        verified(root, idp.certificates)
    # An Issuer of the Response is optional.
    issuers = [whole(issuer) for issuer in all_of(root, "./saml:Issuer")]
    if issuers not in ([], [idp.entity_id]):
        raise NotIdentified("Issuer of the Response")
    request = _departure(root, party)
    assertion = decrypt(encrypted, party.private_keys)
    check_assertion(assertion)
    return Answer(verified(assertion, idp.certificates), request)


def statuses(root: Element) -> list[str]:
    """Return the status codes of a message, the outer one first."""
    return [code.get("Value", "") for code in all_of(root, "./samlp:Status//samlp:StatusCode")]


def _check_status(root: Element) -> None:
    values = statuses(root)
    if TURNED_BACK & set(values[1:]):
        raise Cancelled(values[1])
    if values != [SUCCESS]:
        raise NotIdentified(f"status {' '.join(values)[:160]}")


def _departure(root: Element, party: Party) -> str:
    """Return InResponseTo. Raises NotIdentified if Destination is not exactly our address."""
    if root.get("Destination") != party.answer_url:
        raise NotIdentified("Destination")
    request = root.get("InResponseTo")
    if not request:
        raise NotIdentified("unsolicited")
    return str(request)
