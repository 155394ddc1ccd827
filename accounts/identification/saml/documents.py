"""XML of SAML: a parser without DTDs, entities and network, and look-ups in fixed namespaces."""

import base64
import re
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from accounts.identification.identity import NotIdentified

ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
NAMESPACES = {
    "saml": ASSERTION,
    "samlp": PROTOCOL,
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": SIGNATURE,
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)

type Element = Any


def parse(content: bytes) -> Element:
    """Return the root of a UTF-8 document without document type and processing instructions.

    A document type is refused before parsing, because libxml2 reads entities while it parses.
    Raises NotIdentified.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise NotIdentified("not UTF-8") from error
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise NotIdentified("document type")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NotIdentified("XMLSyntaxError") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotIdentified("document type")
    if root.xpath("//processing-instruction()"):
        raise NotIdentified("processing instruction")
    return root


def decode(encoded: str) -> bytes:
    """Return the content of a base64 text, which may be broken into lines. Raises NotIdentified."""
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except ValueError as error:
        raise NotIdentified("base64") from error


def all_of(element: Element, path: str) -> list[Element]:
    """Return what an XPath finds, with the prefixes of NAMESPACES."""
    found: list[Element] = element.xpath(path, namespaces=NAMESPACES)
    return found


def single(element: Element, path: str) -> Element:
    """Return the only element at the path. Raises NotIdentified if there is none or several."""
    found = all_of(element, path)
    if len(found) != 1:
        raise NotIdentified(f"not one {path.rpartition(':')[2]}")
    return found[0]


def whole(element: Element) -> str:
    """Return the whole text, including that after an XML comment.

    Canonicalisation drops comments, so that an inserted one does not break the signature but
    would truncate the text (CERT/CC VU#475445).
    """
    return str(element.xpath("string()"))


def moment(element: Element, name: str) -> datetime:
    """Return the time in an XML attribute, in UTC. Raises NotIdentified if there is none."""
    value = element.get(name)
    if not value:
        raise NotIdentified(f"no {name}")
    if not MOMENT.fullmatch(value):
        raise NotIdentified(f"no time in {name}")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotIdentified(f"no time in {name}") from error
