"""The ceremony of the seal: its root, its key and its certificate."""

from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction
from django.utils.translation import gettext as _, gettext_lazy

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance.authority import seal
from issuance.conf import pki
from issuance.event_names import IssuanceEvent
from issuance.models import Seal
from issuance.publication import repository
from issuance.services.ceremony.ceremony_record import KeepRecord, Record, unkept
from issuance.services.ceremony.kept_record import want_papers
from issuance.services.ceremony.register_ca import publish_root_list
from issuance.services.ceremony.root import (
    REASONS,
    Revocation,
    issuing_end,
    make_root,
    open_root,
    sign_list,
)
from issuance.services.errors import AlreadyThere
from issuance.signers import verify
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import KeyStore, Signer


class SealRootElsewhere(Refused):
    message = gettext_lazy(
        "The root of the seals exists and its key is elsewhere: give --root-keys."
    )


def create_seal(
    *,
    keys: KeyStore,
    roots: KeyFiles,
    actor: Actor,
    now: datetime,
    number: int = 1,
    revoke: str = "",
    keep: KeepRecord = unkept,
) -> list[Record]:
    """Make the seal of this number and, with the first one, the root, whose key is in ``roots``.

    ``revoke`` is the reason, if any, for which the root's CRL revokes the previous seal. An
    interrupted ceremony is continued. ``keep`` gets the records before the seal is in use. Raises
    AlreadyThere, SealRootElsewhere, SignerUnavailable.
    """
    place, last = seal.SealPlace(number), Seal.objects.last()
    if number != (seal.SealPlace.number_of(last.stem) if last else 0) + 1:
        words = _("The last seal is %(seal)s; nothing was changed.")
        raise AlreadyThere(words % {"seal": last.stem if last else "–"})
    root, is_new = _root(place, roots, last, now)
    signer = _signer(place, keys, root, now)
    revoked = [Revocation(last.certificate, revoke)] if last and revoke in REASONS else []
    lasting = signer.chain[0].not_valid_after_utc - now
    listed = sign_list(place, root, Path(roots.folder), now=now, revoke=revoked, lasting=lasting)
    publish_root_list(place, listed, root, now=now)
    seal_record = Record(place.stem, signer.chain[0], keys.place(place.stem))
    root_record = Record(place.root_stem, root.chain[0], roots.place(place.root_stem))
    records = [root_record, seal_record] if is_new else [seal_record]
    keep(records)
    register_seal(place, signer, listed, actor=actor, now=now)
    return records


def register_seal(
    place: seal.SealPlace, signer: Signer, listed: bytes, *, actor: Actor, now: datetime
) -> Seal:
    """Take the seal into use, with its root's CRL (DER), and publish both certificates."""
    verify(signer)
    repository.publish_chain(place.root_stem, signer.chain[-1:])
    repository.publish_chain(place.stem, signer.chain)
    with transaction.atomic():
        made = Seal.objects.create(
            stem=place.stem,
            certificate_der=signer.chain[0].public_bytes(Encoding.DER),
            root_der=signer.chain[-1].public_bytes(Encoding.DER),
            root_list=listed,
            created_at=now,
        )
        name, about = IssuanceEvent.SEAL_REGISTERED, events.Subject("seal", place.stem)
        events.record(name, about, actor, now, sha256=signer.chain[0].fingerprint(SHA256()).hex())
        want_papers(now=now)
    return made


def _root(
    place: seal.SealPlace, roots: KeyFiles, last: Seal | None, now: datetime
) -> tuple[Signer, bool]:
    """The root of the seals, and whether it has no registered seal yet."""
    root = open_root(place, roots)
    if last is not None and (root is None or root.chain[0] != last.root):
        raise SealRootElsewhere
    return root or make_root(place, roots, now=now, rsa_bits=0), last is None


def _signer(place: seal.SealPlace, keys: KeyStore, root: Signer, now: datetime) -> Signer:
    """The seal's signer, certified now or before the ceremony was interrupted."""
    if keys.exists(place.stem):
        return keys.load(place.stem)
    key = keys.pending(place.stem) or keys.make_key(place.stem, place.branch, rsa_bits=0)
    chain = seal.certify(place, key.public_key(), root, pki(), now, issuing_end(root, now))
    keys.keep_chain(place.stem, chain)
    return Signer(chain, key)
