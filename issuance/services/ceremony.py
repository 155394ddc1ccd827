"""The key ceremony: a root and an issuing CA of one environment, branch and generation."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance import repository
from issuance.authority import crl, hierarchy
from issuance.conf import Pki, pki
from issuance.models import IssuingCA
from issuance.plan import serial_hex
from issuance.profiles import Branch, Environment
from issuance.services.publish import publish_crl
from issuance.signers import verify
from issuance.signers.file import KeyFiles
from issuance.signers.protocol import Signer
from issuance.validity import add_months, end_of_day

ROOT_CRL_VALIDITY = timedelta(days=366)


class AlreadyThere(Refused):
    """The CA exists; a ceremony never overwrites."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which CA: environment, branch and generation, and the names that follow from them."""

    environment: Environment
    branch: Branch
    generation: int = 1

    @classmethod
    def of(cls, ca: IssuingCA) -> "Place":
        """The place of a registered CA."""
        issuer = ca.issuer()
        return cls(issuer.environment, issuer.branch, ca.generation)

    @property
    def _middle(self) -> str:
        return f"{'test-' if self.environment == 'test' else ''}{self.branch}"

    @property
    def stem(self) -> str:
        """Name of the issuing CA's files."""
        return f"sote-{self._middle}-{self.generation}"

    @property
    def root_stem(self) -> str:
        """Name of the root's files; every generation stands under the same root."""
        return f"root-{self._middle}-1"

    def root_names(self, conf: Pki) -> hierarchy.CaNames:
        """Subject of the root."""
        label = f"{conf.prefix}{' TEST' if self.environment == 'test' else ''}"
        return hierarchy.CaNames(
            conf.organisation, None, f"{label} Root CA - G1 {self.branch.upper()}"
        )

    def names(self, conf: Pki) -> hierarchy.CaNames:
        """Subject of the issuing CA; the letter tells the branch, as in the real names."""
        label = f"{conf.prefix}{' TEST' if self.environment == 'test' else ''}"
        mark = f"G{self.generation}{self.branch[0].upper()}"
        service = "Health and Social Service Certificates"
        return hierarchy.CaNames(conf.organisation, conf.unit, f"{label} {service} - {mark}")


PLACES = tuple(
    Place(environment, branch) for environment in ("production", "test") for branch in ("rsa", "ec")
)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the ceremony record."""

    stem: str
    subject: str
    serial: str
    sha256: str
    not_after: datetime

    @classmethod
    def of(cls, stem: str, signer: Signer) -> "Record":
        """The record of the certificate at the head of a signer's chain."""
        certificate = signer.chain[0]
        return cls(
            stem=stem,
            subject=certificate.subject.rfc4514_string(),
            serial=serial_hex(certificate.serial_number),
            sha256=certificate.fingerprint(SHA256()).hex(":").upper(),
            not_after=certificate.not_valid_after_utc,
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
    place: Place, *, keys: KeyFiles, actor: Actor, now: datetime, rsa_bits: int = 4096
) -> list[Record]:
    """Make the issuing CA, and its root if there is none. Raises AlreadyThere."""
    if keys.exists(place.stem) or IssuingCA.objects.filter(stem=place.stem).exists():
        raise AlreadyThere(f"{place.stem} exists already; nothing was changed")
    records = []
    if keys.exists(place.root_stem):
        root = keys.load(place.root_stem)
        verify(root)
    else:
        root = _make_root(place, now, rsa_bits)
        keys.store(place.root_stem, root.private_key, root.chain)
        records.append(Record.of(place.root_stem, root))
    issuing = _make_issuing(place, root, now, rsa_bits)
    keys.store(place.stem, issuing.private_key, issuing.chain)
    publish_root(place, root, now=now)
    register(place, issuing, actor=actor, now=now)
    return [*records, Record.of(place.stem, issuing)]


def register(place: Place, signer: Signer, *, actor: Actor, now: datetime) -> IssuingCA:
    """Enter the issuing CA into the database and publish its chain and its list.

    It takes over from the generation before.
    """
    verify(signer)
    with transaction.atomic():
        IssuingCA.objects.filter(
            environment=place.environment, branch=place.branch, state=IssuingCA.State.ACTIVE
        ).exclude(stem=place.stem).update(state=IssuingCA.State.RETIRED)
        ca, _ = IssuingCA.objects.get_or_create(
            stem=place.stem,
            defaults={
                "environment": place.environment,
                "branch": place.branch,
                "generation": place.generation,
                "certificate_der": signer.chain[0].public_bytes(Encoding.DER),
                "root_der": signer.chain[-1].public_bytes(Encoding.DER),
                "created_at": now,
            },
        )
        events.record(
            "issuance.ca_registered",
            actor=actor,
            now=now,
            object_type="issuing_ca",
            object_id=place.stem,
            data={"sha256": signer.chain[0].fingerprint(SHA256()).hex()},
        )
    repository.publish_chain(place.root_stem, signer.chain[-1:])
    repository.publish_chain(place.stem, signer.chain)
    publish_crl(ca, now=now, load_signer=lambda _: signer)
    return ca


def publish_root(place: Place, root: Signer, *, now: datetime) -> None:
    """Sign the root's own revocation list, which lasts a year, and publish it."""
    number = repository.crl_number(place.root_stem) + 1
    der = crl.make([], crl.CrlFacts(number, now, now + ROOT_CRL_VALIDITY), root)
    crl.check(der, root.chain[0], after=number - 1, now=now)
    repository.replace(repository.crl_path(place.root_stem), der)


def _is_complete(place: Place, now: datetime) -> bool:
    """Registered, published, and with a list that holds for the next hours."""
    soon = now + timedelta(hours=pki().crl_validity_hours / 2)
    registered = IssuingCA.objects.filter(stem=place.stem, crl_next_update__gt=soon).exists()
    published = repository.chain_path(place.stem).exists()
    return registered and published and repository.crl_number(place.stem) > 0


def _make_root(place: Place, now: datetime, rsa_bits: int) -> Signer:
    conf = pki()
    key = hierarchy.make_key(place.branch, rsa_bits)
    return hierarchy.make_root(key, place.root_names(conf), now, _end(now, conf.root_years))


def _make_issuing(place: Place, root: Signer, now: datetime, rsa_bits: int) -> Signer:
    conf = pki()
    placement = hierarchy.Placement(
        policy=conf.policy(place.environment, place.branch),
        crl_url=conf.crl_url(place.root_stem),
        certificate_url=conf.certificate_url(place.root_stem),
    )
    end = min(_end(now, conf.issuing_years), root.chain[0].not_valid_after_utc)
    key = hierarchy.make_key(place.branch, rsa_bits)
    return hierarchy.make_issuing(key, place.names(conf), root, placement, now, end)


def _end(now: datetime, years: int) -> datetime:
    return end_of_day(add_months(now.date(), 12 * years))
