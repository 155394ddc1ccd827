"""Changing the key of the hash by which persons are recognised."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.identification import hashing
from accounts.models import Identifier
from certportal.foundation import events
from certportal.foundation.actors import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a change has come: the newest version, identifiers under it, and those without."""

    version: int
    renewed: int
    remaining: int


def standing() -> Standing:
    """Count the identifiers that are, and are not yet, hashed under the newest key.

    Only their owner's next login can renew the rest: the codes themselves are kept nowhere.
    """
    version = newest()
    renewed = Identifier.objects.filter(key_version=version).count()
    remaining = older(version).filter(~_has_newer(version)).values("person", "kind").distinct()
    return Standing(version, renewed, remaining.count())


@transaction.atomic
def drop_superseded(*, actor: Actor, now: datetime) -> int:
    """Delete the hashes under older keys of those who have one under the newest; return how many.

    After that the old key no longer helps whoever may have got hold of it to recognise them.
    """
    version = newest()
    gone, _by_model = older(version).filter(_has_newer(version)).delete()
    events.record(
        "identifiers.superseded_dropped",
        actor=actor,
        now=now,
        object_type="identity_key",
        object_id=version,
        data={"count": gone},
    )
    return gone


def newest() -> int:
    """Return the version of the newest key in use."""
    return hashing.keys()[0][0]


def older(version: int) -> QuerySet[Identifier]:
    """Return the identifiers hashed under another key than this."""
    return Identifier.objects.exclude(key_version=version)


def _has_newer(version: int) -> Exists:
    same = Identifier.objects.filter(person=OuterRef("person"), kind=OuterRef("kind"))
    return Exists(same.filter(key_version=version))
