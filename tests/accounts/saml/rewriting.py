"""Changes of an answer's XML, as one who wants to be taken for somebody else would make them."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from lxml import etree

from accounts.identification.saml import signatures
from tests.accounts.saml.pairs import make_pair

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
STYLESHEET = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/"><xsl:copy-of select="document('file:///etc/passwd')"/></xsl:template>
</xsl:stylesheet>"""
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
HETU = "urn:oid:1.2.246.21"
VICTIM = "230771-903X"


def edited(edit: Callable[[Any], None]) -> Callable[[str], str]:
    """Return a change of the XML tree."""

    def change(xml: str) -> str:
        root = etree.fromstring(xml.encode())
        edit(root)
        return str(etree.tostring(root, encoding="unicode"))

    return change


def one(root: Any, path: str) -> Any:
    return root.xpath(path, namespaces=NS)[0]


def wrap_assertion(xml: str) -> str:
    """Put the first assertion of the response into an element EncryptedAssertion."""

    def wrap(root: Any) -> None:
        found = root.xpath("/samlp:Response/saml:Assertion", namespaces=NS)[0]
        shell = etree.Element(f"{{{SAML}}}EncryptedAssertion")
        found.addprevious(shell)
        shell.append(found)

    return edited(wrap)(xml)


def forged(root: Any) -> Any:
    """Return a copy of the assertion that speaks of somebody else, without its signature."""
    copy = etree.fromstring(etree.tostring(one(root, "//saml:Assertion")))
    copy.set("ID", "_forged")
    signature = one(copy, "./ds:Signature")
    copy.remove(signature)
    one(copy, f"//saml:Attribute[@Name='{HETU}']/saml:AttributeValue").text = VICTIM
    return copy


def wrap_in_signature(root: Any) -> None:
    """XSW: the forged assertion in place, the true one inside its signature's Object."""
    true = one(root, "//saml:Assertion")
    false = forged(root)
    signature = one(true, "./ds:Signature")
    true.addprevious(false)
    true.remove(signature)
    false.insert(1, signature)
    shelf = etree.SubElement(signature, f"{{{DS}}}Object")
    shelf.append(true)


def wrap_beside(root: Any) -> None:
    """XSW: the forged assertion first, the true one after it."""
    one(root, "//saml:Assertion").addprevious(forged(root))


def wrap_in_extensions(root: Any) -> None:
    """XSW: the true assertion in Extensions, the forged one in its place, with its ID."""
    true, false = one(root, "//saml:Assertion"), forged(root)
    false.set("ID", true.get("ID"))
    true.addprevious(false)
    shelf = etree.Element(f"{{{SAMLP}}}Extensions")
    one(root, "./saml:Issuer").addnext(shelf)
    shelf.append(true)


def wrap_inside(root: Any) -> None:
    """XSW: the true assertion inside the forged one's Advice."""
    true, false = one(root, "//saml:Assertion"), forged(root)
    true.addprevious(false)
    shelf = etree.Element(f"{{{SAML}}}Advice")
    one(false, "./saml:Conditions").addnext(shelf)
    shelf.append(true)


def sign_transforms(root: Any) -> None:
    transform = one(root, "//ds:Transform")
    transform.set("Algorithm", XPATH)


def add_transform(algorithm: str, content: str) -> Callable[[str], str]:
    """Return the change that lets the signature run a transform of the sender's making."""

    def edit(root: Any) -> None:
        transform = etree.SubElement(one(root, "//ds:Transforms"), f"{{{DS}}}Transform")
        transform.set("Algorithm", algorithm)
        transform.append(etree.fromstring(content))

    return edited(edit)


def add_reference(root: Any) -> None:
    """Sign more than the assertion: a second reference, to the whole document."""
    true = one(root, "//ds:Reference")
    second = etree.fromstring(etree.tostring(true))
    second.set("URI", "")
    true.addnext(second)


def put(path: str, name: str, value: str) -> Callable[[str], str]:
    """Return the change that sets an attribute; `ID` as the value is the assertion's ID."""

    def edit(root: Any) -> None:
        identifier = one(root, "//saml:Assertion").get("ID")
        one(root, path).set(name, identifier if value == "ID" else value)

    return edited(edit)


def sign_by_stranger(path: str) -> Callable[[str], str]:
    """Return the change that signs with a key of the attacker's, whose certificate is inside."""

    def edit(root: Any) -> None:
        element = one(root, path)
        for signature in element.xpath("./ds:Signature", namespaces=NS):
            element.remove(signature)
        with TemporaryDirectory() as directory:
            certificate, key = make_pair(Path(directory), "stranger")
            signatures.sign(element, Path(certificate).read_text(), Path(key).read_text())

    return edited(edit)


def drop(path: str) -> Callable[[str], str]:
    def edit(root: Any) -> None:
        found = one(root, path)
        found.getparent().remove(found)

    return edited(edit)


def bomb(xml: str) -> str:
    """A billion laughs before the root."""
    lines = ["<!ENTITY a0 'ha'>"]
    lines += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10)]
    body = re.sub(r"^<\?xml[^>]*\?>", "", xml).strip()
    laugh = body.replace("</saml:Issuer>", "&a9;</saml:Issuer>", 1)
    return f"<!DOCTYPE r [{''.join(lines)}]>{laugh if '&a9;' in laugh else body}"


def outsider(xml: str) -> str:
    """An external entity that would read a file."""
    body = re.sub(r"^<\?xml[^>]*\?>", "", xml).strip()
    return f'<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>{body}'
