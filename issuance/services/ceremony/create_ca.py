"""The key ceremony: a root and an issuing CA of one environment, branch and generation."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.utils.translation import gettext as _

from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance.authority.places import MOST_GENERATIONS, PLACES, Place
from issuance.conf import pki
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony.ceremony_record import KeepRecord, Record, unkept
from issuance.services.ceremony.register_ca import publish_root_list, register
from issuance.services.ceremony.root import certify, make_root, open_root, sign_list
from issuance.services.errors import AlreadyThere
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import KeyStore, Signer

State = IssuingCA.State


class RootElsewhere(Refused):
    def __init__(self, place: Place) -> None:
        words = _(
            "The root of %(ca)s exists and its key is kept elsewhere: give --root-keys, or use"
            " request_issuing_ca, sign_issuing_ca and install_issuing_ca."
        )
        super().__init__(words % {"ca": place.stem})


class WrongGeneration(Refused):
    """The number of the generation is out of range, or a newer generation exists."""


def create_missing(
    *, keys: KeyStore, roots: KeyFiles, actor: Actor, now: datetime, rsa_bits: int = 4096
) -> Iterator[Record]:
    """Make, register and publish what is missing of the demonstration hierarchies. Idempotent.

    A branch that began with a later generation needs no earlier one.
    """
    common: Any = {"keys": keys, "roots": roots, "actor": actor, "now": now, "rsa_bits": rsa_bits}
    for place in PLACES:
        if _newer(place):
            continue
        if not keys.exists(place.stem):
            yield from create_ca(place, **common)
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
    keep: KeepRecord = unkept,
) -> list[Record]:
    """Make the issuing CA and, if the hierarchy has none, its root, with its key in ``roots``.

    An interrupted ceremony is continued, and nothing is ever overwritten. ``keep`` gets the records
    before the CA is registered: once it is, the ceremony is over. Raises AlreadyThere,
    WrongGeneration, RootElsewhere, SignerUnavailable.
    """
    root_keys = roots or cast(KeyFiles, keys)
    _require_new(place, keys, root_keys)
    root, records = _root(place, root_keys, now, rsa_bits)
    signer = _issuing(place, keys, root, now, rsa_bits)
    publish_root_list(place, sign_list(place, root, root_keys.folder, now=now), root, now=now)
    records.append(Record(place.stem, signer.chain[0], keys.place(place.stem)))
    keep(records)
    register(place, signer, actor=actor, now=now, state=state)
    return records


def _require_new(place: Place, keys: KeyStore, root_keys: KeyFiles) -> None:
    """Raise AlreadyThere if the CA exists, unless its ceremony was interrupted.

    Raises WrongGeneration for a number that is not in use here, or one before the newest: the CA
    would take over from its own successor.
    """
    if not 1 <= place.generation <= MOST_GENERATIONS:
        words = _("Generations have the numbers 1 to %(most)s.")
        raise WrongGeneration(words % {"most": MOST_GENERATIONS})
    if newest := _newer(place):
        words = _("Generation %(newest)s exists already: give --generation %(next)s.")
        raise WrongGeneration(words % {"newest": newest, "next": newest + 1})
    registered = IssuingCA.objects.filter(stem=place.stem).exists()
    if not registered and not keys.exists(place.stem):
        return
    if registered and not keys.exists(place.stem):
        words = _(
            "%(ca)s exists already, and its key is missing: put %(key)s back; see docs/backup.md."
        )
        raise AlreadyThere(words % {"ca": place.stem, "key": keys.place(place.stem)})
    root = None if registered else open_root(place, root_keys)
    if root is None or keys.load(place.stem).chain[-1] != root.chain[0]:
        raise AlreadyThere(_("%(ca)s exists already; nothing was changed.") % {"ca": place.stem})


def _newer(place: Place) -> int:
    """The newest generation if it is later and the place's own is not registered; else 0."""
    branch = IssuingCA.objects.filter(environment=place.environment, branch=place.branch)
    known = set(branch.values_list("generation", flat=True))
    newest = max(known, default=0)
    return newest if place.generation not in known and place.generation < newest else 0


def _issuing(place: Place, keys: KeyStore, root: Signer, now: datetime, rsa_bits: int) -> Signer:
    """The issuing CA's signer, certified now or before the ceremony was interrupted."""
    if keys.exists(place.stem):
        return keys.load(place.stem)
    key = keys.pending(place.stem) or keys.make_key(place.stem, place.branch, rsa_bits)
    chain = certify(place, key.public_key(), root, now=now)
    keys.keep_chain(place.stem, chain)
    return Signer(chain, key)


def _root(
    place: Place, keys: KeyFiles, now: datetime, rsa_bits: int
) -> tuple[Signer, list[Record]]:
    """The root of the hierarchy, with its record if the hierarchy is not yet registered."""
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
    """Whether the CA is registered and published, with a CRL valid for half the usual time yet."""
    soon = now + timedelta(hours=pki().crl_validity_hours / 2)
    registered = IssuingCA.objects.filter(stem=place.stem, crl_next_update__gt=soon).exists()
    published = repository.bundle_path(place.stem).exists()
    return registered and published and repository.served_crl(place.stem) is not None


def record_path(stem: str, now: datetime) -> Path:
    """The file in which the service stores the record of a ceremony."""
    return Path(settings.PORTAL_DATA) / "ca" / "ceremonies" / f"{now:%Y%m%dT%H%M%SZ}-{stem}.txt"
