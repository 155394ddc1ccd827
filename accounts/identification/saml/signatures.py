"""Enveloped XML signatures: verification against given certificates, and signing.

Only one form of XML signature is accepted: a single reference, to the element that has the
signature, with the transforms that SAML allows (SAML 2.0 Core, 5.4).
"""

import hashlib
import hmac
import re
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from xmlsec import constants as c

from accounts.identification.identity import NotIdentified
from accounts.identification.saml.documents import (
    SIGNATURE,
    Element,
    all_of,
    decode,
    parse,
    single,
    whole,
)

METHODS = (
    *(c.TransformRsaSha256, c.TransformRsaSha384, c.TransformRsaSha512),
    *(c.TransformEcdsaSha256, c.TransformEcdsaSha384, c.TransformEcdsaSha512),
)
DIGESTS = {
    c.TransformSha256: hashlib.sha256,
    c.TransformSha384: hashlib.sha384,
    c.TransformSha512: hashlib.sha512,
}
TRANSFORMS = (c.TransformEnveloped, c.TransformExclC14N)
INCLUSIVE = f"{{{c.TransformExclC14N.href}}}InclusiveNamespaces"
DS = f"{{{SIGNATURE}}}"
CHILDREN = [f"{DS}{name}" for name in ("SignedInfo", "SignatureValue")]
SIGNED_CHILDREN = [
    f"{DS}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")
]
REFERENCE_CHILDREN = [f"{DS}{name}" for name in ("Transforms", "DigestMethod", "DigestValue")]
MOST_PREFIXES = 16
"""Of the PrefixLists of one signature: see `structure.MOST_NAMESPACES`."""
# The default namespace in a PrefixList.
DEFAULT = "#default"
# An xs:ID without characters that have a meaning in a URI reference.
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def verified(element: Element, certificates: tuple[x509.Certificate, ...]) -> Element:
    """Return what the signature inside the element covers, as a document of its own.

    The result is parsed from the very bytes whose digest is signed, so that nothing that is read
    from it can have been added later; it has neither comments nor the signature. KeyInfo is
    removed unread: only the given certificates count. Then the signature is removed from the
    element too. Raises NotIdentified.
    """
    found = all_of(element, "./ds:Signature")
    if len(found) != 1:
        raise NotIdentified("not signed once")
    signature = found[0]
    reference = _check_form(signature, element.get("ID") or "")
    for info in all_of(signature, "./ds:KeyInfo"):
        signature.remove(info)
    if not any(_holds(element, signature, certificate) for certificate in certificates):
        raise NotIdentified("the signature does not hold")
    _remove(element, signature)
    content = _canonical(element, _inclusive_prefixes(reference))
    stated = decode(whole(single(reference, "./ds:DigestValue")))
    if not hmac.compare_digest(_digest(reference, content), stated):
        raise NotIdentified("the signature covers something else")
    return parse(content)


def sign(root: Element, certificate: str, key: str) -> None:
    """Put an enveloped signature over the root, which has an ID, as its first child.

    `certificate` and `key` are PEM.
    """
    signature = xmlsec.template.create(root, c.TransformExclC14N, c.TransformRsaSha256, ns="ds")
    root.insert(0, signature)
    uri = f"#{root.get('ID')}"
    reference = xmlsec.template.add_reference(signature, c.TransformSha256, uri=uri)
    for transform in TRANSFORMS:
        xmlsec.template.add_transform(reference, transform)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, c.KeyDataFormatPem)
    context.key.load_cert_from_memory(certificate, c.KeyDataFormatPem)
    context.register_id(root, "ID")
    context.sign(signature)


def _check_form(signature: Element, identifier: str) -> Element:
    """Return the reference. Raises NotIdentified unless all parts have the accepted form."""
    if signature.xpath(".//comment()"):
        raise NotIdentified("comment in a signature")
    # KeyInfo is optional; an Object, which could carry other content, is refused.
    names = [name for name in _names(signature) if name != f"{DS}KeyInfo"]
    info = single(signature, "./ds:SignedInfo")
    reference = single(info, "./ds:Reference")
    if names != CHILDREN or _names(info) != SIGNED_CHILDREN:
        raise NotIdentified("form of the signature")
    if not IDENTIFIER.fullmatch(identifier) or reference.get("URI") != f"#{identifier}":
        raise NotIdentified("the signature covers something else")
    if _names(reference) != REFERENCE_CHILDREN:
        raise NotIdentified("form of the reference")
    _check_algorithms(info, reference)
    return reference


def _check_algorithms(info: Element, reference: Element) -> None:
    transforms = reference[0]
    if [(each.tag, each.get("Algorithm")) for each in transforms] != [
        (f"{DS}Transform", each.href) for each in TRANSFORMS
    ]:
        raise NotIdentified("transforms")
    canonicalization, method = info[0], info[1]
    if canonicalization.get("Algorithm") != c.TransformExclC14N.href:
        raise NotIdentified("canonicalization")
    if method.get("Algorithm") not in {each.href for each in METHODS}:
        raise NotIdentified("signature method")
    if reference[1].get("Algorithm") not in {each.href for each in DIGESTS}:
        raise NotIdentified("digest method")
    # Only exclusive canonicalization takes a parameter.
    bare = [transforms[0], method, reference[1], reference[2]]
    parameters = [child.tag for parent in (canonicalization, transforms[1]) for child in parent]
    if any(len(each) for each in bare) or set(parameters) - {INCLUSIVE}:
        raise NotIdentified("parameters of the signature")
    if len(_inclusive_prefixes(info)) > MOST_PREFIXES:
        raise NotIdentified("too many prefixes")


def _holds(element: Element, signature: Element, certificate: x509.Certificate) -> bool:
    """Whether the signature is that of the certificate's key, over an intact element."""
    context = xmlsec.SignatureContext()
    for transform in (c.TransformExclC14N, *METHODS):
        context.enable_signature_transform(transform)
    for transform in (*TRANSFORMS, *DIGESTS):
        context.enable_reference_transform(transform)
    pem = certificate.public_bytes(Encoding.PEM)
    try:
        context.key = xmlsec.Key.from_memory(pem, c.KeyDataFormatCertPem)
        context.register_id(element, "ID")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def _remove(element: Element, signature: Element) -> None:
    """Remove the signature and leave the text after it."""
    before, tail = signature.getprevious(), signature.tail or ""
    if before is None:
        element.text = (element.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    element.remove(signature)


def _canonical(element: Element, prefixes: list[str]) -> bytes:
    """Return the exclusive canonical form of an element, in the namespaces of its place.

    A copy would lack the namespaces that are declared around the element and that only a
    PrefixList uses.
    """
    # lxml omits prefixes that its parser has not met yet. It meets this one as a namespace only.
    parse(f'<prefix xmlns="{DEFAULT}"/>'.encode())
    content: bytes = etree.tostring(
        element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
    )
    return content


def _inclusive_prefixes(part: Element) -> list[str]:
    """Return the prefixes of every PrefixList in a part of a signature."""
    found = part.iter(INCLUSIVE)
    return [prefix for each in found for prefix in each.get("PrefixList", "").split()]


def _digest(reference: Element, content: bytes) -> bytes:
    digests = {transform.href: digest for transform, digest in DIGESTS.items()}
    return digests[reference[1].get("Algorithm")](content).digest()


def _names(element: Element) -> list[Any]:
    return [child.tag for child in element]
