"""What can be wrong with an answer, by name; each is a lie told at its own moment."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree
from saml2.saml import AttributeValue

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
NS = {"saml": SAML, "samlp": SAMLP, "ds": DS}
HETU = "urn:oid:1.2.246.21"
VICTIM = "230771-903X"


def nothing(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class Bend:
    """`before` the signature (pysaml2 objects), `after` it and `outside` the encryption (XML).

    `why` is in the log when the lie is found.
    """

    before: Callable[[Any], Any] = nothing
    after: Callable[[str], str] = nothing
    outside: Callable[[str], str] = nothing
    signed: bool = True
    encrypted: bool = True
    cipher: str = ""
    key_type: str = "aes-256"
    why: str = ""


def at(minutes: float) -> str:
    return f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"


def setting(path: str, value: Any) -> Callable[[Any], None]:
    """Return the lie that sets one value deep in the response."""
    *way, last = path.split(".")

    def lie(response: Any) -> None:
        thing = response
        for step in way:
            thing = thing[int(step)] if step.isdigit() else getattr(thing, step)
        setattr(thing, last, value() if callable(value) else value)

    return lie


def lies(*each: Callable[[Any], None]) -> Callable[[Any], None]:
    def lie(response: Any) -> None:
        for one in each:
            one(response)

    return lie


def attribute(name: str, *values: str) -> Callable[[Any], None]:
    """Return the lie that gives an attribute other values."""

    def lie(response: Any) -> None:
        for one in response.assertion.attribute_statement[0].attribute:
            if one.name == name:
                one.attribute_value = [AttributeValue(text=value) for value in values]

    return lie


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
    transform.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")


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


ASSERTION = "assertion"
BEARER = "assertion.subject.subject_confirmation.0.subject_confirmation_data"
AUDIENCE = "assertion.conditions.audience_restriction.0.audience.0.text"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def audience_of(response: Any) -> str:
    restriction = response.assertion.conditions.audience_restriction[0]
    return str(restriction.audience[0].text)


BENDS = {
    "tampered": Bend(
        why="Signature validation failed", after=lambda xml: xml.replace("010180-9015", VICTIM)
    ),
    "tampered cipher": Bend(
        why="cannot be decrypted",
        outside=lambda xml: re.sub(r"(CipherValue>\s*)(\w)", lambda m: m[1] + "A", xml),
    ),
    "unsigned": Bend(why="is not signed", signed=False),
    "not encrypted": Bend(why="not one encrypted assertion", encrypted=False),
    "padding cipher": Bend(why="cipher", cipher="http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
    "signature of another": Bend(why="is not signed", after=drop("//ds:Signature")),
    "other transforms": Bend(why="Signature validation failed", after=edited(sign_transforms)),
    "expired": Bend(
        why="expired",
        before=lies(
            setting("assertion.conditions.not_before", lambda: at(-20)),
            setting("assertion.conditions.not_on_or_after", lambda: at(-10)),
        ),
    ),
    "not yet": Bend(
        why="not yet valid", before=setting("assertion.conditions.not_before", lambda: at(10))
    ),
    "no end": Bend(
        why="no NotOnOrAfter", before=setting("assertion.conditions.not_on_or_after", None)
    ),
    "confirmation over": Bend(
        why="valid SubjectConfirmation", before=setting(f"{BEARER}.not_on_or_after", lambda: at(-3))
    ),
    "confirmation without end": Bend(
        why="no NotOnOrAfter", before=setting(f"{BEARER}.not_on_or_after", None)
    ),
    "wrong audience": Bend(
        why="valid audience", before=setting(AUDIENCE, "https://other.example/sp")
    ),
    "no audience": Bend(
        why="Audience", before=setting("assertion.conditions.audience_restriction", [])
    ),
    "lower level": Bend(
        why="level",
        before=setting(
            "assertion.authn_statement.0.authn_context.authn_context_class_ref.text",
            "urn:oid:1.2.246.517.3002.110.7",
        ),
    ),
    "level cut short by a comment": Bend(
        why="level",
        before=setting(
            "assertion.authn_statement.0.authn_context.authn_context_class_ref.text",
            "http://ftn.ficora.fi/2017/loatest2-none",
        ),
        after=lambda xml: xml.replace("loatest2-none", "loatest2<!-- -->-none"),
    ),
    "audience cut short by a comment": Bend(
        why="valid audience",
        before=lambda response: setting(AUDIENCE, f"{audience_of(response)}.evil.example")(
            response
        ),
        after=lambda xml: xml.replace(".evil<", "<!-- -->.evil<"),
    ),
    "wrong issuer": Bend(
        why="Invalid issuer", before=setting("assertion.issuer.text", "https://evil.example/idp")
    ),
    "wrong response issuer": Bend(
        why="Invalid issuer", before=setting("issuer.text", "https://evil.example/idp")
    ),
    "empty issuer": Bend(why="Issuer", before=setting("assertion.issuer.text", "")),
    "wrong destination": Bend(
        why="was received at", before=setting("destination", "https://other.example/acs")
    ),
    "longer destination": Bend(
        why="Destination", before=lambda r: setattr(r, "destination", f"{r.destination}/x")
    ),
    "no destination": Bend(why="Destination", before=setting("destination", None)),
    "wrong recipient": Bend(
        why="valid SubjectConfirmation",
        before=setting(f"{BEARER}.recipient", "https://other.example/acs"),
    ),
    "no recipient": Bend(why="SubjectConfirmation", before=setting(f"{BEARER}.recipient", None)),
    "unsolicited": Bend(
        why="unsolicited",
        before=lies(setting("in_response_to", None), setting(f"{BEARER}.in_response_to", None)),
    ),
    "another request": Bend(
        why="answer to another request",
        before=lies(setting("in_response_to", "_x"), setting(f"{BEARER}.in_response_to", "_x")),
    ),
    "two requests": Bend(
        why="valid SubjectConfirmation", before=setting(f"{BEARER}.in_response_to", "_another")
    ),
    "no bearer": Bend(
        why="valid SubjectConfirmation",
        before=setting("assertion.subject.subject_confirmation", []),
    ),
    "persistent name": Bend(
        why="NameID",
        before=setting(
            "assertion.subject.name_id.format",
            "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
        ),
    ),
    "invalid code": Bend(
        why="invalid personal identity code", before=attribute(HETU, "010180-9016")
    ),
    "two codes": Bend(
        why="an attribute has several values", before=attribute(HETU, "010180-9015", VICTIM)
    ),
    "no code": Bend(why="no identifier", before=attribute(HETU, "")),
    "no name": Bend(why="no name", before=attribute("urn:oid:2.5.4.4", "")),
    "failed": Bend(
        why="status urn:oasis:names:tc:SAML:2.0:status:Responder",
        outside=lambda xml: xml.replace(f"{STATUS}Success", f"{STATUS}Responder"),
    ),
    "wrapped in the signature": Bend(
        why="must contain 1 assertion", after=edited(wrap_in_signature)
    ),
    "wrapped beside": Bend(why="not one encrypted assertion", after=edited(wrap_beside)),
    "wrapped in extensions": Bend(
        why="not one encrypted assertion", after=edited(wrap_in_extensions)
    ),
    "wrapped inside": Bend(why="must contain 1 assertion", after=edited(wrap_inside)),
    "bomb": Bend(why="DTDForbidden", outside=bomb),
    "external entity": Bend(why="DTDForbidden", outside=outsider),
    "no XML": Bend(why="XMLSyntaxError", outside=lambda xml: xml[:-20]),
    "another kind of message": Bend(
        why="status", outside=lambda xml: re.sub(r"(</?\w+:)Response\b", r"\1LogoutResponse", xml)
    ),
}
# Answers that look odd and are true all the same.
ODD = {
    "comment in the code": Bend(
        after=lambda xml: xml.replace("010180-9015", "010180-<!-- 230771 -->9015")
    ),
    "comment in the name": Bend(after=lambda xml: xml.replace("läinen<", "<!--x-->läinen<")),
    "long ago": Bend(before=setting("assertion.authn_statement.0.authn_instant", lambda: at(-60))),
    "clock ahead": Bend(before=setting("assertion.conditions.not_before", lambda: at(0.5))),
}
