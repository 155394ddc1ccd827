"""Strict parsing of the answers of Suomi.fi-valtuudet, which have a published form."""

import re
from collections.abc import Collection
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.mandates.protocol import Mandate
from accounts.mandates.refusals import NoRole, NotComplete, OtherOrganisation
from accounts.models import Membership
from accounts.register.identifiers import business_id as read_business_id

SOURCE = "Suomi.fi-valtuudet"
LONGEST_DETAIL = 300
_KEY = re.compile(r"[A-Za-z0-9._~-]{1,200}")
# b64token (RFC 6750 §2.1), which the header may hold; a JWT is longer than a key.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
LONGEST_TOKEN = 8192

ROLES: dict[str, str | Promise] = {
    "TJ": _("managing director"),
    "NIMKO": _("right to sign for the organisation alone"),
    "ELI": _("sole trader"),
}


class Unreadable(ValueError):
    """The answer is not of the published form."""


def key(found: Any, name: str) -> str:
    """Return a key of a JSON object, such as a session's, that is safe in a URL path."""
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Unreadable(name)
    return value


def token(found: Any) -> str:
    """Return the access token of a JSON object, which is safe in a header."""
    value = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(value, str) or len(value) > LONGEST_TOKEN or not _TOKEN.fullmatch(value):
        raise Unreadable("access_token")
    return value


def mandate(found: Any, business_id: str, accepted: Collection[str]) -> Mandate:
    """Return the right that the answer confirms for this organisation.

    `accepted`: the roles, or URIs of mandates, any of which is enough. Raises Unreadable,
    OtherOrganisation, NotComplete and NoRole.
    """
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable("organisations")
    meant = [each for each in found if _holder(each) == business_id]
    if len(meant) != 1:
        raise OtherOrganisation if not meant else Unreadable("the organisation twice")
    (organisation,) = meant
    roles = organisation.get("roles")
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unreadable("roles")
    if organisation.get("complete") is not True:
        raise NotComplete
    held = [role for role in accepted if role in roles]
    if not held:
        raise NoRole
    # Roles have codes, mandates URIs.
    by_role = any(":" not in role for role in held)
    basis = Membership.Basis.REGISTER_ROLE if by_role else Membership.Basis.MANDATE
    return Mandate(basis, f"{SOURCE}: {', '.join(held)}"[:LONGEST_DETAIL])


def in_words(detail: str) -> str:
    """Return the roles of a mandate's detail in words, with their codes."""
    codes = detail.removeprefix(f"{SOURCE}: ").split(", ")
    return ", ".join(f"{ROLES[code]} ({code})" if code in ROLES else code for code in codes)


def _holder(organisation: dict[str, Any]) -> str | None:
    identifier = organisation.get("identifier")
    return read_business_id(identifier) if isinstance(identifier, str) else None
