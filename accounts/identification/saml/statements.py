"""Checks of an assertion's conditions, and extraction of the claims that are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from onelogin.saml2.constants import OneLogin_Saml2_Constants as C
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.utils import OneLogin_Saml2_Utils
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from accounts.identification import claims
from accounts.identification.identity import NotIdentified, ProviderSession
from accounts.identification.saml.answers import Answer
from accounts.identification.saml.party import TRANSIENT, Party

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


def judge(
    answer: Answer, party: Party, issuer: str, *, skew: timedelta, now: datetime
) -> Statement:
    """Return the statement, if issuer, audience, level, times and bearer are as required.

    These checks are made here because python3-saml takes an absent element for fulfilled. Raises
    NotIdentified.
    """
    assertion = answer.assertion
    if _text(assertion, "./saml:Issuer") != issuer:
        raise NotIdentified("Issuer")
    audiences = _all(assertion, "./saml:Conditions/saml:AudienceRestriction/saml:Audience")
    if party.entity_id not in map(_whole, audiences):
        raise NotIdentified("Audience")
    if _text(assertion, "./saml:AuthnStatement//saml:AuthnContextClassRef") not in party.levels:
        raise NotIdentified("level")
    expires = _check_times(assertion, skew, now)
    _check_bearer(answer, party.answer_url, skew, now)
    return Statement(
        assertion=assertion.get("ID"),
        in_response_to=answer.in_response_to,
        expires_at=expires + skew,
        claims=_claims(answer) | {"auth_time": _moment(_statement(assertion), "AuthnInstant")},
        session=ProviderSession(_name(assertion), _statement(assertion).get("SessionIndex") or ""),
    )


def _check_times(assertion: Any, skew: timedelta, now: datetime) -> datetime:
    """Return NotOnOrAfter. Raises NotIdentified unless both bounds are given and now is between."""
    (conditions,) = _all(assertion, "./saml:Conditions")
    begins, ends = _moment(conditions, "NotBefore"), _moment(conditions, "NotOnOrAfter")
    seconds, leeway = now.timestamp(), skew.total_seconds()
    if not begins - leeway <= seconds < ends + leeway:
        raise NotIdentified("Conditions")
    return datetime.fromtimestamp(ends, tz=now.tzinfo)


def _check_bearer(answer: Answer, url: str, skew: timedelta, now: datetime) -> None:
    """Check recipient, request and time of the bearer confirmation (SAML Profiles, 4.1.4.2)."""
    path = f"./saml:Subject/saml:SubjectConfirmation[@Method='{C.CM_BEARER}']"
    found = _all(answer.assertion, f"{path}/saml:SubjectConfirmationData")
    if len(found) != 1:
        raise NotIdentified("not one SubjectConfirmation")
    (data,) = found
    if data.get("Recipient") != url or data.get("InResponseTo") != answer.in_response_to:
        raise NotIdentified("SubjectConfirmation")
    if _moment(data, "NotOnOrAfter") + skew.total_seconds() <= now.timestamp():
        raise NotIdentified("SubjectConfirmation is over")


def _claims(answer: Answer) -> dict[str, str]:
    """Return the identifier and the names; all other attributes are ignored."""
    try:
        said = answer.response.get_attributes()
    except OneLogin_Saml2_ValidationError as error:
        raise NotIdentified("an attribute occurs twice") from error
    one = {name: _only(values) for name, values in said.items() if name in WANTED}
    given = next((one[name] for name in GIVEN_NAMES if one.get(name)), "")
    return {**one, claims.GIVEN_NAMES: given}


WANTED = {
    claims.HETU,
    claims.FAMILY_NAME,
    claims.EIDAS_IDENTIFIER,
    claims.EIDAS_FAMILY_NAME,
    *GIVEN_NAMES,
}


def _only(values: list[Any]) -> str:
    if not values:
        return ""
    if len(values) != 1 or not isinstance(values[0], str):
        raise NotIdentified("an attribute has several values")
    return values[0]


def _name(assertion: Any) -> str:
    found = _all(assertion, "./saml:Subject/saml:NameID")
    if len(found) != 1 or found[0].get("Format") != TRANSIENT or not _whole(found[0]):
        raise NotIdentified("NameID")
    return _whole(found[0])


def _statement(assertion: Any) -> Any:
    (statement,) = _all(assertion, "./saml:AuthnStatement")
    return statement


def _moment(element: Any, name: str) -> int:
    """Return an XML attribute as seconds since 1970. Raises NotIdentified if it is absent."""
    value = element.get(name)
    if not value:
        raise NotIdentified(f"no {name}")
    seconds: int = OneLogin_Saml2_Utils.parse_SAML_to_time(value)
    return seconds


def _text(element: Any, path: str) -> str:
    found = _all(element, path)
    return _whole(found[0]) if len(found) == 1 else ""


def _whole(element: Any) -> str:
    """Return the whole text, including that after an XML comment.

    Canonicalisation drops comments, so that an inserted one does not break the signature but
    would truncate the text (CERT/CC VU#475445).
    """
    return str(element.xpath("string()"))


def _all(element: Any, path: str) -> list[Any]:
    found: list[Any] = OneLogin_Saml2_XML.query(element, path)
    return found
