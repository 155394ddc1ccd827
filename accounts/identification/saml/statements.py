"""Checks of an assertion's conditions, and extraction of the claims that are kept."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.identification import claims
from accounts.identification.identity import NotIdentified, ProviderSession
from accounts.identification.saml.answers import Answer
from accounts.identification.saml.documents import ASSERTION, Element, all_of, moment, single, whole
from accounts.identification.saml.party import TRANSIENT, Party

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
# Conditions whose meaning is known here; an unknown one makes an assertion invalid (SAML 2.0 Core,
# 2.5.1.1). ProxyRestriction binds those who make assertions on the strength of this one.
KNOWN = ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
CONDITIONS = {f"{{{ASSERTION}}}{name}" for name in KNOWN}
# The last moment of the calendar, which a provider may name where it sets no end.
LATEST = datetime.max.replace(tzinfo=UTC)
# Attributes for given names, in order of preference.
GIVEN_NAMES = (claims.GIVEN_NAMES, claims.EIDAS_GIVEN_NAME, "urn:oid:2.5.4.42")


@dataclass(frozen=True, slots=True)
class Statement:
    """The provider's statement about a person; `assertion` is its ID, for replay detection.

    The person may have authenticated earlier (single sign-on): see `auth_time` in `claims`.
    """

    assertion: str
    in_response_to: str
    expires_at: datetime
    claims: dict[str, Any]
    session: ProviderSession


def check(
    answer: Answer, party: Party, issuer: str, *, skew: timedelta, now: datetime
) -> Statement:
    """Return the statement if issuer, audience, level, times and bearer are as required.

    Raises NotIdentified, also if one of these is absent.
    """
    assertion = answer.assertion
    if whole(single(assertion, "./saml:Issuer")) != issuer:
        raise NotIdentified("Issuer")
    expires = _check_conditions(single(assertion, "./saml:Conditions"), party, skew, now)
    _check_bearer(answer, party.answer_url, skew, now)
    statement = single(assertion, "./saml:AuthnStatement")
    if (
        whole(single(statement, "./saml:AuthnContext/saml:AuthnContextClassRef"))
        not in party.levels
    ):
        raise NotIdentified("level")
    if statement.get("SessionNotOnOrAfter"):
        _check_end(statement, "SessionNotOnOrAfter", skew, now)
    authenticated = int(moment(statement, "AuthnInstant").timestamp())
    return Statement(
        assertion=assertion.get("ID"),
        in_response_to=answer.in_response_to,
        expires_at=min(expires, LATEST - skew) + skew,
        claims=_claims(assertion) | {"auth_time": authenticated},
        session=ProviderSession(_name(assertion), statement.get("SessionIndex") or ""),
    )


def _check_conditions(
    conditions: Element, party: Party, skew: timedelta, now: datetime
) -> datetime:
    """Return NotOnOrAfter. Raises NotIdentified unless the conditions hold now and name us."""
    if moment(conditions, "NotBefore") > now + skew:
        raise NotIdentified("NotBefore")
    expires = _check_end(conditions, "NotOnOrAfter", skew, now)
    if {child.tag for child in conditions} - CONDITIONS:
        raise NotIdentified("unknown condition")
    restrictions = all_of(conditions, "./saml:AudienceRestriction")
    audiences = [
        [whole(audience) for audience in all_of(restriction, "./saml:Audience")]
        for restriction in restrictions
    ]
    if not audiences or not all(party.entity_id in allowed for allowed in audiences):
        raise NotIdentified("Audience")
    return expires


def _check_end(element: Element, name: str, skew: timedelta, now: datetime) -> datetime:
    end = moment(element, name)
    if end <= now - skew:
        raise NotIdentified(f"{name} of {element.tag.rpartition('}')[2]}")
    return end


def _check_bearer(answer: Answer, url: str, skew: timedelta, now: datetime) -> None:
    """Check recipient, request and time of the bearer confirmation (SAML Profiles, 4.1.4.2)."""
    path = f"./saml:Subject/saml:SubjectConfirmation[@Method='{BEARER}']"
    data = single(answer.assertion, f"{path}/saml:SubjectConfirmationData")
    if data.get("Recipient") != url or data.get("InResponseTo") != answer.in_response_to:
        raise NotIdentified("SubjectConfirmation")
    if data.get("NotBefore") and moment(data, "NotBefore") > now + skew:
        raise NotIdentified("SubjectConfirmation")
    _check_end(data, "NotOnOrAfter", skew, now)


def _claims(assertion: Element) -> dict[str, str]:
    """Return the identifier and the names; all other attributes are ignored."""
    found = all_of(assertion, "./saml:AttributeStatement/saml:Attribute")
    if any(count > 1 for count in Counter(each.get("Name") for each in found).values()):
        raise NotIdentified("an attribute occurs twice")
    values = {each.get("Name"): _only(each) for each in found if each.get("Name") in WANTED}
    given = next((values[name] for name in GIVEN_NAMES if values.get(name)), "")
    return {**values, claims.GIVEN_NAMES: given}


WANTED = {
    claims.HETU,
    claims.FAMILY_NAME,
    claims.EIDAS_IDENTIFIER,
    claims.EIDAS_FAMILY_NAME,
    *GIVEN_NAMES,
}


def _only(attribute: Element) -> str:
    """Return the text of the attribute's only value, empty if it has none."""
    elements = all_of(attribute, "./saml:AttributeValue")
    values = [text for text in (whole(each).strip() for each in elements) if text]
    if len(values) > 1 or any(len(each) for each in elements):
        raise NotIdentified("an attribute has several values")
    return values[0] if values else ""


def _name(assertion: Element) -> str:
    name = single(assertion, "./saml:Subject/saml:NameID")
    if name.get("Format") != TRANSIENT or not whole(name):
        raise NotIdentified("NameID")
    return whole(name)
