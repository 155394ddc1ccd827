"""Structural checks of a SAML Response before its content is used.

Signature wrapping attacks use documents in which one element is signed and another one is read.
So only one structure is accepted: a Response with one assertion, which one signature of its own
covers completely.
"""

from collections import Counter
from typing import Any

from onelogin.saml2.constants import OneLogin_Saml2_Constants as C
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.identification.identity import NotIdentified

XMLENC11 = "http://www.w3.org/2009/xmlenc11#"
# Only authenticated encryption: CBC allows padding oracle attacks (Jager, Somorovsky 2011).
CONTENT_CIPHERS = {f"{XMLENC11}{name}" for name in ("aes128-gcm", "aes192-gcm", "aes256-gcm")}
KEY_CIPHERS = {C.RSA_OAEP_MGF1P, f"{XMLENC11}rsa-oaep"}
ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha"
SIGNATURES = {C.RSA_SHA256, C.RSA_SHA384, C.RSA_SHA512, f"{ECDSA}256", f"{ECDSA}384"}
DIGESTS = {C.SHA256, C.SHA384, C.SHA512}
CANONICAL = "http://www.w3.org/2001/10/xml-exc-c14n#"
TRANSFORMS = ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", CANONICAL]

type Element = Any


def check_sealed(root: Element) -> None:
    """Raise NotIdentified unless a Response has exactly one assertion, strongly encrypted."""
    if root.tag != f"{{{C.NS_SAMLP}}}Response":
        raise NotIdentified("no Response")
    if len(_all(root, "//saml:EncryptedAssertion")) != 1 or _all(root, "//saml:Assertion"):
        raise NotIdentified("not one encrypted assertion")
    if len(_all(root, "/samlp:Response/saml:EncryptedAssertion")) != 1:
        raise NotIdentified("encrypted assertion out of place")
    ciphers = _algorithms(root, "//xenc:EncryptedData/xenc:EncryptionMethod")
    wraps = _algorithms(root, "//xenc:EncryptedKey/xenc:EncryptionMethod")
    if not ciphers or not wraps or not ciphers <= CONTENT_CIPHERS or not wraps <= KEY_CIPHERS:
        raise NotIdentified("cipher")


def find_assertion(root: Element) -> Element:
    """Return the assertion of a decrypted Response, covered by one strong signature.

    Raises NotIdentified for any other structure. The signature itself is verified elsewhere.
    """
    if any(count > 1 for count in Counter(root.xpath("//@ID | //@Id | //@id")).values()):
        raise NotIdentified("an ID occurs twice")
    everywhere, inside = _all(root, "//saml:Assertion"), "/samlp:Response/saml:Assertion"
    if len(everywhere) != 1 or _all(root, inside) != everywhere:
        raise NotIdentified("not one assertion in its place")
    (assertion,) = everywhere
    signatures = _all(assertion, "./ds:Signature")
    if len(signatures) != 1:
        raise NotIdentified("the assertion is not signed once")
    _check_signature(signatures[0], assertion.get("ID"))
    return assertion


def _check_signature(signature: Element, identifier: str) -> None:
    references = _all(signature, "./ds:SignedInfo/ds:Reference")
    if len(references) != 1 or references[0].get("URI") != f"#{identifier}":
        raise NotIdentified("the signature covers something else")
    transforms = _all(references[0], "./ds:Transforms/ds:Transform")
    if [one.get("Algorithm") for one in transforms] != TRANSFORMS:
        raise NotIdentified("transforms")
    info = "./ds:SignedInfo/ds:"
    if _algorithms(signature, f"{info}CanonicalizationMethod") != {CANONICAL}:
        raise NotIdentified("canonicalization")
    if not _algorithms(signature, f"{info}SignatureMethod") <= SIGNATURES:
        raise NotIdentified("signature method")
    if not _algorithms(references[0], "./ds:DigestMethod") <= DIGESTS:
        raise NotIdentified("digest method")


def _algorithms(element: Element, path: str) -> set[str]:
    return {one.get("Algorithm", "") for one in _all(element, path)}


def _all(element: Element, path: str) -> list[Element]:
    found: list[Element] = OneLogin_Saml2_XML.query(element, path)
    return found
