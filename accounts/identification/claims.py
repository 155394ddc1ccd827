"""Conversion of a provider's claims to an Identity; the identifier is kept only as a hash."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from stdnum.exceptions import ValidationError
from stdnum.fi import hetu

from accounts.identification.hashing import digests
from accounts.identification.identity import Identity, NotIdentified
from accounts.mandates.introduced import Introduced
from accounts.mandates.protocol import visited
from certportal.foundation.errors import Unavailable
from certportal.foundation.text import invisible

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


def identity(claims: Mapping[str, Any]) -> Identity:
    """Return the Identity of the claims.

    Raises NotIdentified if they lack a valid identifier or a name.
    """
    if claims.get(HETU):
        return Identity(
            kind="hetu",
            digests=digests("hetu", _code(claims)),
            given_name=_name(claims.get(GIVEN_NAMES)),
            family_name=_name(claims.get(FAMILY_NAME)),
            proven_at=_proven_at(claims),
        )
    # A blank one, or one that is no text, could be the same for everybody.
    identifier = claims.get(EIDAS_IDENTIFIER)
    if isinstance(identifier, str) and not invisible.is_blank(identifier):
        return Identity(
            kind="eidas",
            digests=digests("eidas", identifier.strip()),
            given_name=_name(claims.get(EIDAS_GIVEN_NAME)),
            family_name=_name(claims.get(EIDAS_FAMILY_NAME)),
            proven_at=_proven_at(claims),
        )
    raise NotIdentified("no identifier")


def introduced(claims: Mapping[str, Any]) -> Introduced | None:
    """Tell the source of mandates, if there is one, who is about to visit it.

    Call it after `identity` accepted the claims and the login succeeded, because it sends the code
    over the network. None if the source does not answer, since the login succeeds without it, or
    if the claims have no Finnish personal identity code.
    """
    source = visited()
    if source is None or not claims.get(HETU):
        return None
    try:
        return source.introduce(_code(claims))
    except Unavailable:
        return None


def _code(claims: Mapping[str, Any]) -> str:
    code = read_hetu(str(claims[HETU]), temporary_allowed=settings.PORTAL_ENV != "production")
    if code is None:
        raise NotIdentified("invalid personal identity code")
    return code


def _proven_at(claims: Mapping[str, Any]) -> datetime | None:
    """Return `auth_time` (OpenID Connect Core 1.0 §2: seconds since 1970)."""
    seconds = claims.get("auth_time")
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)


def _name(value: Any) -> str:
    """Return the name without invisible characters, cut to `LONGEST`.

    It stands in subjects of mails and among other words. Raises NotIdentified if nothing of it is
    seen.
    """
    name = invisible.without(value if isinstance(value, str) else "")[:LONGEST].strip()
    if invisible.is_blank(name):
        raise NotIdentified("no name")
    return name


def read_hetu(text: str, *, temporary_allowed: bool) -> str | None:
    """Return the code in canonical form, or None if it is not a valid personal identity code.

    The century sign is part of the code: signs in use since 2023 (``Y X W V U`` and ``B`` to
    ``F``) distinguish persons whose other characters match.
    """
    try:
        code: str = hetu.validate(text, allow_temporary=temporary_allowed)
    except ValidationError:
        return None
    return code
