"""What can be wrong with an answer, by name; each is a lie told at its own moment."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from saml2.saml import AttributeValue, Audience, AudienceRestriction, Condition, ProxyRestriction

from tests.accounts.saml.rewriting import (
    DS,
    HETU,
    MORE,
    STYLESHEET,
    VICTIM,
    XPATH,
    XSLT,
    add_reference,
    add_transform,
    bomb,
    drop,
    edited,
    outsider,
    put,
    sign_by_stranger,
    sign_transforms,
    wrap_beside,
    wrap_in_extensions,
    wrap_in_signature,
    wrap_inside,
)


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


FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"


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


ASSERTION = "assertion"
BEARER = "assertion.subject.subject_confirmation.0.subject_confirmation_data"
AUDIENCE = "assertion.conditions.audience_restriction.0.audience.0.text"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


def audience_of(response: Any) -> str:
    restriction = response.assertion.conditions.audience_restriction[0]
    return str(restriction.audience[0].text)


BENDS = {
    "tampered": Bend(why="does not hold", after=lambda xml: xml.replace("010180-9015", VICTIM)),
    "tampered cipher": Bend(
        why="cannot be decrypted",
        outside=lambda xml: re.sub(
            r"(CipherValue>\s*)([^<\s])", lambda m: m[1] + ("B" if m[2] == "A" else "A"), xml
        ),
    ),
    "unsigned": Bend(why="not signed once", signed=False),
    "not encrypted": Bend(why="not one encrypted assertion", encrypted=False),
    "padding cipher": Bend(why="cipher", cipher="http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
    "signature of another": Bend(why="not signed once", after=drop("//ds:Signature")),
    "other transforms": Bend(why="transforms", after=edited(sign_transforms)),
    "XSLT transform": Bend(why="transforms", after=add_transform(XSLT, STYLESHEET)),
    "XPath transform": Bend(why="transforms", after=add_transform(XPATH, f"<XPath xmlns='{DS}'/>")),
    "two references": Bend(why="not one Reference", after=edited(add_reference)),
    "whole document": Bend(why="covers something else", after=put("//ds:Reference", "URI", "")),
    "pointer": Bend(
        why="covers something else", after=put("//ds:Reference", "URI", "#xpointer(/)")
    ),
    "ID twice": Bend(why="an ID occurs twice", after=put("//saml:Subject", "Id", "ID")),
    "ID twice, as xml:id": Bend(
        why="an ID occurs twice",
        after=put("//saml:Subject", "{http://www.w3.org/XML/1998/namespace}id", "ID"),
    ),
    "keyed by what everybody knows": Bend(
        why="signature method", after=put("//ds:SignatureMethod", "Algorithm", f"{MORE}hmac-sha256")
    ),
    "SHA-1": Bend(
        why="signature method", after=put("//ds:SignatureMethod", "Algorithm", f"{DS}rsa-sha1")
    ),
    "SHA-1 of the content": Bend(
        why="digest method", after=put("//ds:DigestMethod", "Algorithm", f"{DS}sha1")
    ),
    "comment in the digest": Bend(
        why="comment in a signature",
        after=lambda xml: re.sub(r"(DigestValue>\s*[^<\s])", r"\1<!-- -->", xml),
    ),
    "key in the signature": Bend(why="does not hold", after=sign_by_stranger("//saml:Assertion")),
    "stranger's signature around": Bend(
        why="does not hold", outside=sign_by_stranger("/samlp:Response")
    ),
    "stranger's signature around nothing signed": Bend(
        why="does not hold", signed=False, outside=sign_by_stranger("/samlp:Response")
    ),
    "expired": Bend(
        why="NotOnOrAfter of Conditions",
        before=lies(
            setting("assertion.conditions.not_before", lambda: at(-20)),
            setting("assertion.conditions.not_on_or_after", lambda: at(-10)),
        ),
    ),
    "not yet": Bend(
        why="NotBefore", before=setting("assertion.conditions.not_before", lambda: at(10))
    ),
    "never yet": Bend(why="NotBefore", before=setting("assertion.conditions.not_before", LAST)),
    "over since ever": Bend(
        why="NotOnOrAfter of Conditions",
        before=setting("assertion.conditions.not_on_or_after", FIRST),
    ),
    "before the calendar": Bend(
        why="no time in AuthnInstant",
        before=setting("assertion.authn_statement.0.authn_instant", f"{FIRST[:-1]}+14:00"),
    ),
    "no end": Bend(
        why="no NotOnOrAfter", before=setting("assertion.conditions.not_on_or_after", None)
    ),
    "confirmation over": Bend(
        why="NotOnOrAfter of SubjectConfirmationData",
        before=setting(f"{BEARER}.not_on_or_after", lambda: at(-3)),
    ),
    "confirmation without end": Bend(
        why="no NotOnOrAfter", before=setting(f"{BEARER}.not_on_or_after", None)
    ),
    "wrong audience": Bend(why="Audience", before=setting(AUDIENCE, "https://other.example/sp")),
    "no audience": Bend(
        why="Audience", before=setting("assertion.conditions.audience_restriction", [])
    ),
    "for others besides": Bend(
        why="Audience",
        before=lambda response: response.assertion.conditions.audience_restriction.append(
            AudienceRestriction(audience=[Audience(text="https://other.example/sp")])
        ),
    ),
    "condition of another maker": Bend(
        why="unknown condition", before=setting("assertion.conditions.condition", [Condition()])
    ),
    "session over": Bend(
        why="SessionNotOnOrAfter",
        before=setting("assertion.authn_statement.0.session_not_on_or_after", lambda: at(-10)),
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
        why="Audience",
        before=lambda response: setting(AUDIENCE, f"{audience_of(response)}.evil.example")(
            response
        ),
        after=lambda xml: xml.replace(".evil<", "<!-- -->.evil<"),
    ),
    "wrong issuer": Bend(
        why="Issuer", before=setting("assertion.issuer.text", "https://evil.example/idp")
    ),
    "wrong response issuer": Bend(
        why="Issuer of the Response", before=setting("issuer.text", "https://evil.example/idp")
    ),
    "empty issuer": Bend(why="Issuer", before=setting("assertion.issuer.text", "")),
    "wrong destination": Bend(
        why="Destination", before=setting("destination", "https://other.example/acs")
    ),
    "longer destination": Bend(
        why="Destination", before=lambda r: setattr(r, "destination", f"{r.destination}/x")
    ),
    "no destination": Bend(why="Destination", before=setting("destination", None)),
    "wrong recipient": Bend(
        why="SubjectConfirmation",
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
        why="SubjectConfirmation", before=setting(f"{BEARER}.in_response_to", "_another")
    ),
    "no bearer": Bend(
        why="not one SubjectConfirmationData",
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
    "wrapped in the signature": Bend(why="not one assertion", after=edited(wrap_in_signature)),
    "wrapped beside": Bend(why="not one encrypted assertion", after=edited(wrap_beside)),
    "wrapped in extensions": Bend(
        why="not one encrypted assertion", after=edited(wrap_in_extensions)
    ),
    "wrapped inside": Bend(why="not one assertion", after=edited(wrap_inside)),
    "bomb": Bend(why="document type", outside=bomb),
    "external entity": Bend(why="document type", outside=outsider),
    "no XML": Bend(why="XMLSyntaxError", outside=lambda xml: xml[:-20]),
    "another kind of message": Bend(
        why="no Response",
        outside=lambda xml: re.sub(r"(</?\w+:)Response\b", r"\1LogoutResponse", xml),
    ),
}
# Answers that look odd and are true all the same.
ODD = {
    "comment in the code": Bend(
        after=lambda xml: xml.replace("010180-9015", "010180-<!-- 230771 -->9015")
    ),
    "comment in the name": Bend(after=lambda xml: xml.replace("läinen<", "<!--x-->läinen<")),
    "long ago": Bend(before=setting("assertion.authn_statement.0.authn_instant", lambda: at(-60))),
    "not to be passed on": Bend(
        before=setting("assertion.conditions.proxy_restriction", [ProxyRestriction(count="0")])
    ),
    "without bounds": Bend(
        before=lies(
            setting("assertion.conditions.not_before", FIRST),
            setting("assertion.conditions.not_on_or_after", LAST),
            setting(f"{BEARER}.not_before", FIRST),
            setting(f"{BEARER}.not_on_or_after", LAST),
            setting("assertion.authn_statement.0.session_not_on_or_after", LAST),
        )
    ),
    "clock ahead": Bend(before=setting("assertion.conditions.not_before", lambda: at(0.5))),
}
