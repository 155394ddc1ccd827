"""The `Visited` implementation for Suomi.fi-valtuudet."""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.mandates.introduced import Introduced
from accounts.mandates.protocol import Mandate
from accounts.mandates.refusals import NoRole, NotComplete, NotShown, OtherOrganisation, Over
from accounts.models import Membership, Person
from accounts.register.identifiers import business_id as read_business_id
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from certportal.foundation.outgoing import Outgoing, Reply

log = structlog.get_logger(__name__)

# `secret`: the address that begins a session holds the personal identity code. One request at a
# time: founders can wait, but people who log in must not wait for them.
exchanges = Outgoing("mandates", at_once=1, secret=True)
# The service refuses us, not the person: wrong secrets, or a clock more than five minutes off.
OUR_FAULT = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class SuomiFi:
    """Suomi.fi-valtuudet at `url`, which has neither path nor slash at its end.

    `roles`: the codes of roles and URIs of mandates, any of which is enough.
    """

    def __init__(
        self, *, url: str, client_id: str, api_key: str, oauth_secret: str, roles: tuple[str, ...]
    ) -> None:
        """Store the settings; no request is sent."""
        self.url, self.client_id = url, client_id
        self.api_key, self.oauth_secret = api_key, oauth_secret
        self.roles = roles

    def right(self, person: Person, business_id: str, *, now: datetime) -> Mandate | None:
        """Return None: the source needs the personal identity code, or a visit."""
        return None

    def introduce(self, code: str) -> Introduced:
        """Begin a session for the person with this personal identity code."""
        event = str(uuid.uuid4())
        path = f"/service/ypa/user/register/{_part(self.client_id)}/{_part(code)}"
        reply = self._get(path, event, faults=OUR_FAULT)

        def keys(reply: Any) -> tuple[str, str]:
            session, user = key(reply, "sessionId"), key(reply, "userId")
            # The keys are stored and sent in a URL, where the code must never be.
            if code in f"{session} {user}":
                raise Unreadable("the code is given back")
            return session, user

        return Introduced(*_read(reply, "register", keys), event)

    def address(self, introduced: Introduced, *, state: str, callback: str, language: str) -> str:
        """Return the address at which the person chooses for whom they act."""
        query = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": callback,
            "user": introduced.user,
            "lang": language,
            # RFC 6749 §4.1.1; returned by §4.1.2. An answer without it is refused.
            "state": state,
        }
        return f"{self.url}/oauth/authorize?{urlencode(query)}"

    def shown(
        self, introduced: Introduced, code: str, business_id: str, *, callback: str
    ) -> Mandate:
        """Exchange the code for a token, and fetch the person's roles."""
        with exchanges.patiently():
            token = self._token(code, callback)
            bearer = {"Authorization": f"Bearer {token}"}
            path = f"/service/ypa/api/organizationRoles/{_part(introduced.session)}"
            reply = self._get(path, introduced.event, bearer)
        if reply.status in OUR_FAULT:
            raise Over(f"roles: status {reply.status}")
        return _read(reply, "roles", lambda found: mandate(found, business_id, self.roles))

    def in_words(self, mandate: Mandate) -> str:
        """Return the roles with their codes."""
        codes = mandate.detail.removeprefix(f"{SOURCE}: ").split(", ")
        return ", ".join(f"{ROLES[code]} ({code})" if code in ROLES else code for code in codes)

    def _token(self, code: str, callback: str) -> str:
        query = {"code": code, "grant_type": "authorization_code", "redirect_uri": callback}
        address = f"{self.url}/oauth/token?{urlencode(query)}"
        basic = (self.client_id, self.oauth_secret)
        reply = exchanges.send("POST", address, auth=basic, faults=OUR_FAULT)
        if reply.status == HTTPStatus.BAD_REQUEST:
            raise Over("the code is not good")
        return _read(reply, "token", token)

    def _get(
        self, path: str, event: str, more: dict[str, str] | None = None, **options: Any
    ) -> Reply:
        """Get the path; the header has a signature of the path with its query."""
        query = urlencode({"requestId": str(uuid.uuid4()), "endUserId": event})
        path = f"{path}?{query}"
        stamp = clock.now().astimezone(UTC).isoformat()
        signed = header(self.client_id, self.api_key, path, stamp)
        return exchanges.send("GET", f"{self.url}{path}", headers=signed | (more or {}), **options)


def _read[Read](reply: Reply, what: str, reading: Callable[[Any], Read]) -> Read:
    """Return the result of ``reading`` the JSON answer. Raises Unavailable if it is unreadable."""
    try:
        if reply.status != HTTPStatus.OK:
            raise Unreadable(f"status {reply.status}")
        return reading(reply.json())
    except NotShown:
        raise
    except Unreadable as error:
        problem = str(error)
    except ValueError:
        problem = "no JSON"
    # Raised outside the handlers, because a JSON decoder's error holds the whole answer.
    log.error("mandates_unreadable", answer=what, problem=problem)
    raise Unavailable(f"mandates: {what}: {problem}")


def _part(text: str) -> str:
    return quote(text, safe="")


HEADER = "X-AsiointivaltuudetAuthorization"


def checksum(key: str, path: str, stamp: str) -> str:
    """Return base64 of HMAC-SHA256 over the path, with its query, and the time in ISO 8601."""
    digest = hmac.new(key.encode(), f"{path} {stamp}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def header(client_id: str, key: str, path: str, stamp: str) -> dict[str, str]:
    """Return the header for a request of this path at this time."""
    return {HEADER: f"{client_id} {stamp} {checksum(key, path, stamp)}"}


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


def _holder(organisation: dict[str, Any]) -> str | None:
    identifier = organisation.get("identifier")
    return read_business_id(identifier) if isinstance(identifier, str) else None
