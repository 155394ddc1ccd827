"""Storage of verified answers between the provider's POST and the browser's own session.

The provider's answer is a cross-site POST, with which the browser sends no SameSite=Lax cookie. The
answer is verified during the POST, stored here for a short time, and fetched in the redirect that
follows, which does carry the session cookie.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from accounts.identification import claims
from accounts.identification.hashing import Digest
from accounts.identification.identity import Identity, NotIdentified, ProviderSession
from accounts.identification.saml.messages import INTRODUCES
from accounts.identification.saml.statements import Statement
from accounts.mandates.introduced import Introduced
from accounts.models import Arrival
from certportal.foundation import clock
from certportal.foundation.web import tokens

# The redirect follows at once.
LASTS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The identified person, and the id of the request that was answered."""

    identity: Identity
    in_response_to: str


def keep(statement: Statement, *, now: datetime) -> str:
    """Store the identity of a statement and return a token that fetches it once.

    The personal identity code is stored only as a hash. Raises NotIdentified if the statement has
    no valid identifier or name, or if its assertion has been used before (replay).
    """
    identity, token = claims.identity(statement.claims), tokens.new()
    assertion = hashlib.sha256(statement.assertion.encode()).hexdigest()
    try:
        with transaction.atomic():
            arrival = Arrival.objects.create(
                assertion=assertion,
                token_hash=tokens.digest(token),
                content=_pack(identity, statement),
                made_at=now,
                expires_at=max(statement.expires_at, now + LASTS),
            )
    except IntegrityError as error:
        raise NotIdentified("replayed") from error
    # Only now: a replayed answer must not reach the source, nor a transaction wait for the network.
    if statement.in_response_to.startswith(INTRODUCES):
        introduced = claims.introduced(statement.claims)
        arrival.content |= {"introduced": asdict(introduced) if introduced else None}
        arrival.save(update_fields=["content"])
    return token


@transaction.atomic
def take(token: str, *, now: datetime) -> Arrived:
    """Return the identity stored under the token, and clear the row.

    The row itself stays, to detect a replay. Raises NotIdentified if there is nothing to fetch.
    """
    made = clock.recently(LASTS, now=now)
    waiting = Arrival.objects.select_for_update().filter(made_at__range=made)
    arrival = waiting.filter(token_hash=tokens.digest(token)).exclude(content={}).first()
    if arrival is None:
        raise NotIdentified("no arrival")
    content, arrival.content = arrival.content, {}
    arrival.save(update_fields=["content"])
    return _unpack(content)


def _pack(identity: Identity, statement: Statement) -> dict[str, Any]:
    session, proven_at = statement.session, identity.proven_at
    return {
        "kind": identity.kind,
        "digests": [[digest.version, digest.value] for digest in identity.digests],
        "given_name": identity.given_name,
        "family_name": identity.family_name,
        "proven_at": proven_at.isoformat() if proven_at else None,
        "session": [session.name_id, session.index],
        "in_response_to": statement.in_response_to,
    }


def _unpack(content: dict[str, Any]) -> Arrived:
    # Only answers to requests with the prefix INTRODUCES have it.
    introduced = content.get("introduced")
    identity = Identity(
        kind=content["kind"],
        digests=tuple(Digest(version, value) for version, value in content["digests"]),
        given_name=content["given_name"],
        family_name=content["family_name"],
        proven_at=datetime.fromisoformat(content["proven_at"]),
        session=ProviderSession(*content["session"]),
        introduced=Introduced(**introduced) if introduced else None,
    )
    return Arrived(identity, content["in_response_to"])
