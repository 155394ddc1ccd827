"""Structural checks of a SAML Response before its content is used.

Signature wrapping attacks use documents in which one element is signed and another one is read.
So only one structure is accepted: a Response with one encrypted assertion, which is completely
covered by a signature of its own.
"""

from collections import Counter

from lxml import etree

from accounts.identification.identity import NotIdentified
from accounts.identification.saml.documents import PROTOCOL, Element, all_of, single

VERSION = "2.0"
MOST_ATTRIBUTES = 64
"""Of one element. Reading and canonicalising them takes time with the square of their number, and
is done before it is known who sent them."""
MOST_ELEMENTS, MOST_NAMESPACES = 4000, 500
"""Of one document: in each element, canonicalising looks for each prefix of a signature's
PrefixList among the declarations of namespaces. Answers of Suomi.fi-tunnistus have less than a
tenth of both."""


def check_response(root: Element) -> None:
    """Raise NotIdentified unless the root is a Response in which no ID occurs twice.

    Also if it is larger than any of SAML's, so that its signature would take long to verify.
    """
    if root.tag != f"{{{PROTOCOL}}}Response" or root.get("Version") != VERSION:
        raise NotIdentified("no Response")
    _check_size(root)
    _check_identifiers(root)


def find_encrypted(root: Element) -> Element:
    """Return the only assertion of a Response, encrypted and in its place.

    Raises NotIdentified for any other structure.
    """
    if len(all_of(root, "//saml:EncryptedAssertion")) != 1 or all_of(root, "//saml:Assertion"):
        raise NotIdentified("not one encrypted assertion")
    return single(root, "/samlp:Response/saml:EncryptedAssertion")


def check_assertion(assertion: Element) -> None:
    """Raise NotIdentified unless a decrypted assertion stands alone and no ID occurs twice.

    Anybody can encrypt for this service, so its size is checked too.
    """
    if all_of(assertion, "//saml:Assertion") != [assertion]:
        raise NotIdentified("not one assertion")
    if all_of(assertion, "//saml:EncryptedAssertion") or assertion.get("Version") != VERSION:
        raise NotIdentified("not one assertion")
    _check_size(assertion)
    _check_identifiers(assertion)


def _check_size(element: Element) -> None:
    """Raise NotIdentified for too many elements, attributes of one, or declared namespaces."""
    tree = element.getroottree()
    elements = list(tree.iter(etree.Element))
    if len(elements) > MOST_ELEMENTS:
        raise NotIdentified("too many elements")
    if any(len(each.attrib) > MOST_ATTRIBUTES for each in elements):
        raise NotIdentified("too many attributes")
    if etree.tostring(tree).count(b"xmlns") > MOST_NAMESPACES:
        raise NotIdentified("too many namespaces")


def _check_identifiers(element: Element) -> None:
    """Raise NotIdentified if an ID occurs twice, in any attribute that may be read as one."""
    found = Counter(
        value
        for each in element.getroottree().iter(etree.Element)
        for name, value in each.items()
        if etree.QName(name).localname.lower() == "id"
    )
    if any(count > 1 for count in found.values()):
        raise NotIdentified("an ID occurs twice")
