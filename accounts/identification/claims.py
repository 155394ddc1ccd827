"""Conversion of a provider's claims to an Identity; the identifier is kept only as a hash."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from accounts.identification.codes import read_hetu
from accounts.identification.hashing import digests
from accounts.identification.identity import Identity, NotIdentified
from accounts.mandates.introduced import Introduced
from accounts.mandates.protocol import visited
from certportal.foundation.errors import Unavailable

# Claims of the Finnish Trust Network (national identification number, given names, family name).
HETU = "urn:oid:1.2.246.21"
GIVEN_NAMES = "urn:oid:1.2.246.575.1.14"
FAMILY_NAME = "urn:oid:2.5.4.4"
# Attributes of eIDAS natural persons, who have no Finnish code.
EIDAS = "http://eidas.europa.eu/attributes/naturalperson/"
EIDAS_IDENTIFIER = f"{EIDAS}PersonIdentifier"
EIDAS_GIVEN_NAME = f"{EIDAS}CurrentGivenName"
EIDAS_FAMILY_NAME = f"{EIDAS}CurrentFamilyName"

LONGEST = 120


def identity(claims: Mapping[str, Any], *, introduces: bool = False) -> Identity:
    """Return the Identity of the claims.

    With `introduces` the source of mandates is told the personal identity code. Raises
    NotIdentified if they lack a valid identifier or a name.
    """
    if claims.get(HETU):
        return _finnish(claims, introduces)
    if claims.get(EIDAS_IDENTIFIER):
        return _eidas(claims)
    raise NotIdentified("no identifier")


def _finnish(claims: Mapping[str, Any], introduces: bool) -> Identity:
    code = read_hetu(str(claims[HETU]), temporary_allowed=settings.PORTAL_ENV != "production")
    if code is None:
        raise NotIdentified("invalid personal identity code")
    return Identity(
        kind="hetu",
        digests=digests("hetu", code),
        given_name=_name(claims.get(GIVEN_NAMES)),
        family_name=_name(claims.get(FAMILY_NAME)),
        proven_at=_proven_at(claims),
        introduced=_introduced(code) if introduces else None,
    )


def _introduced(code: str) -> Introduced | None:
    """Tell the source of mandates, if there is one, who is about to visit it.

    None if it does not answer: the identification succeeds without it.
    """
    source = visited()
    try:
        return source.introduce(code) if source else None
    except Unavailable:
        return None


def _eidas(claims: Mapping[str, Any]) -> Identity:
    return Identity(
        kind="eidas",
        digests=digests("eidas", str(claims[EIDAS_IDENTIFIER]).strip()),
        given_name=_name(claims.get(EIDAS_GIVEN_NAME)),
        family_name=_name(claims.get(EIDAS_FAMILY_NAME)),
        proven_at=_proven_at(claims),
    )


def _proven_at(claims: Mapping[str, Any]) -> datetime | None:
    """Return `auth_time` (OpenID Connect Core 1.0 §2: seconds since 1970)."""
    seconds = claims.get("auth_time")
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def _name(value: Any) -> str:
    """Return the name with single spaces, cut to `LONGEST`. Raises NotIdentified if it is empty."""
    name = " ".join(str(value or "").split())[:LONGEST]
    if not name:
        raise NotIdentified("no name")
    return name
