"""The key ceremony: a root and an issuing CA of one environment, branch and generation."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from django.conf import settings

from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance import repository
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.places import PLACES, Place
from issuance.services.errors import AlreadyThere
from issuance.services.records import Record
from issuance.services.registering import publish_root_list, register
from issuance.services.root import certify, make_root, open_root, sign_list
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import KeyStore, Signer

__all__ = ["PLACES", "AlreadyThere", "Place", "Record", "create_ca", "create_missing", "register"]

State = IssuingCA.State


class RootElsewhere(Refused):
    """The hierarchy has a root, and its key is not here. For operators, in English."""

    def __init__(self, place: Place) -> None:
        super().__init__(
            f"the root of {place.stem} exists and its key is kept elsewhere: give --root-keys, or "
            "use request_issuing_ca, sign_issuing_ca and install_issuing_ca"
        )


def create_missing(
    *, keys: KeyFiles, actor: Actor, now: datetime, rsa_bits: int = 4096
) -> Iterator[Record]:
    """Make, or register and publish, whatever the demonstration hierarchies lack. Idempotent."""
    for place in PLACES:
        if not keys.exists(place.stem):
            yield from create_ca(place, keys=keys, actor=actor, now=now, rsa_bits=rsa_bits)
        elif not _is_complete(place, now):
            register(place, keys.load(place.stem), actor=actor, now=now)


def create_ca(
    place: Place,
    *,
    keys: KeyStore,
    actor: Actor,
    now: datetime,
    roots: KeyFiles | None = None,
    rsa_bits: int = 4096,
    state: IssuingCA.State = State.ACTIVE,
) -> list[Record]:
    """Make the issuing CA, and its root, whose key goes to ``roots``, if the hierarchy has none.

    Raises AlreadyThere, RootElsewhere, SignerUnavailable. What an interrupted ceremony left is
    taken up, nothing is ever overwritten.
    """
    root_keys = roots or cast(KeyFiles, keys)
    _require_new(place, keys, root_keys)
    root, records = _root(place, root_keys, now, rsa_bits)
    signer = _issuing(place, keys, root, now, rsa_bits)
    publish_root_list(place, sign_list(place, root, root_keys.folder, now=now), root, now=now)
    register(place, signer, actor=actor, now=now, state=state)
    return [*records, Record(place.stem, signer.chain[0], keys.place(place.stem))]


def _require_new(place: Place, keys: KeyStore, root_keys: KeyFiles) -> None:
    """Raise AlreadyThere, unless this is the ceremony that was interrupted before the end."""
    registered = IssuingCA.objects.filter(stem=place.stem).exists()
    if not registered and not keys.exists(place.stem):
        return
    root = None if registered else open_root(place, root_keys)
    if root is None or keys.load(place.stem).chain[-1] != root.chain[0]:
        raise AlreadyThere(f"{place.stem} exists already; nothing was changed")


def _issuing(place: Place, keys: KeyStore, root: Signer, now: datetime, rsa_bits: int) -> Signer:
    """The issuing CA: certified now, or before the ceremony was interrupted."""
    if keys.exists(place.stem):
        return keys.load(place.stem)
    key = keys.pending(place.stem) or keys.make_key(place.stem, place.branch, rsa_bits)
    chain = certify(place, key.public_key(), root, now=now)
    keys.keep_chain(place.stem, chain)
    return Signer(chain, key)


def _root(
    place: Place, keys: KeyFiles, now: datetime, rsa_bits: int
) -> tuple[Signer, list[Record]]:
    """The root of the hierarchy, and its record until the hierarchy is registered."""
    others = IssuingCA.objects.filter(environment=place.environment, branch=place.branch)
    registered = next((ca.root for ca in others), None)
    root = open_root(place, keys)
    if registered is not None and (root is None or root.chain[0] != registered):
        raise RootElsewhere(place)
    if registered is not None and root is not None:
        return root, []
    root = root or make_root(place, keys, now=now, rsa_bits=rsa_bits)
    return root, [Record(place.root_stem, root.chain[0], keys.place(place.root_stem))]


def _is_complete(place: Place, now: datetime) -> bool:
    """Registered, published, and with a list that holds for the next hours."""
    soon = now + timedelta(hours=pki().crl_validity_hours / 2)
    registered = IssuingCA.objects.filter(stem=place.stem, crl_next_update__gt=soon).exists()
    published = repository.bundle_path(place.stem).exists()
    return registered and published and repository.served_crl(place.stem) is not None


def record_path(stem: str, now: datetime) -> Path:
    """Where the service keeps the record of a ceremony."""
    return Path(settings.PORTAL_DATA) / "ca" / "ceremonies" / f"{now:%Y%m%dT%H%M%SZ}-{stem}.txt"
