"""Rotating the key of the hash (HMAC) by which people are recognised."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.event_names import AccountEvent
from accounts.identification import hashing
from accounts.models import Identifier
from certportal.foundation import events
from certportal.foundation.actors import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """Progress of a key rotation.

    `version`: the newest key version; `renewed`: identifiers hashed under it; `remaining`:
    identifiers hashed only under older keys.
    """

    version: int
    renewed: int
    remaining: int


def standing() -> Standing:
    """Count the identifiers that are, and are not yet, hashed under the newest key.

    An identifier is renewed at its owner's next login, since identity codes are not stored.
    """
    version = newest()
    renewed = Identifier.objects.filter(key_version=version).count()
    remaining = older(version).filter(~_has_newer(version)).values("person", "kind").distinct()
    return Standing(version, renewed, remaining.count())


@transaction.atomic
def drop_superseded(*, actor: Actor, now: datetime) -> int:
    """Delete older hashes of identifiers that have one under the newest key; return how many.

    After that, a leaked old key can no longer be used to identify these people.
    """
    version = newest()
    gone, _by_model = older(version).filter(_has_newer(version)).delete()
    name = AccountEvent.IDENTIFIERS_SUPERSEDED_DROPPED
    events.record(name, events.Subject("identity_key", version), actor, now, count=gone)
    return gone


def newest() -> int:
    return hashing.keys()[0][0]


def older(version: int) -> QuerySet[Identifier]:
    """Return the identifiers hashed under any other key version."""
    return Identifier.objects.exclude(key_version=version)


def _has_newer(version: int) -> Exists:
    same = Identifier.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"))
    return Exists(same.filter(key_version=version))
