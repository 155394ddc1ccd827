"""Sealing papers: the CA signs the digest of a paper if the log of events has its making.

Whoever makes the paper calls `ask_for_seal`; the signing worker runs `seal_papers`. The CA gets
only the digest, never the paper.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database import row_writes
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    Values,
    compiled_for,
    first,
)
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import NotYet, Unavailable
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from issuance import signers
from issuance.authority import seal as sealing
from issuance.event_names import IssuanceEvent
from issuance.models import Seal, SealedPaper
from issuance.services import lease
from issuance.services.event_log import build, key
from issuance.services.event_log.evidence import among_leaves

CERTIFICATES = ("certificate.confirmed", "certificates.confirmed")
"""The topics of outbox items that are handled before any paper is sealed."""


class CertificatesFirst(NotYet):
    """A certificate waits to be signed; papers are sealed after it."""


class SealEnded(Unavailable):
    """The seal's certificate has ended; papers wait for the next one (`create_seal`)."""


@Question
def seal_in_use() -> Asks[Seal | None]:
    """The seal in use; None before its ceremony, when papers are kept unsealed."""
    return Rows(Seal.objects.order_by("-pk")[:1]), first


def ask_for_seal(
    paper: events.Subject, digest: bytes, kind: str, *, actor: Actor, now: datetime
) -> OutboxItem:
    """Record in the caller's transaction that the paper was made, and have its digest sealed."""
    events.record(IssuanceEvent.PAPER_MADE, paper, actor, now, kind=kind, sha384=digest.hex())
    return ask_again(paper, digest, now=now)


def ask_again(paper: events.Subject, digest: bytes, *, now: datetime) -> OutboxItem:
    """Queue the sealing of a recorded paper again, for example after it was given up.

    No message is sent: the signing worker seals what waits each second, after the extension of the
    log that all these papers need.
    """
    payload = {"kind": paper.type, "paper": str(paper.id), "digest": digest.hex()}
    (item,) = outbox.enqueue_all("paper.made", [payload], now=now, paced=True)
    return item


def signature_over(digest: bytes) -> bytes | None:
    """The seal's signature (CMS, DER) over the paper of this digest; None until it is signed."""
    for _digest, signature in _signed([digest.hex()]).alone():
        return bytes(signature)
    return None


@dataclass(frozen=True, slots=True)
class MadePaper:
    """A paper to be sealed: its subject in the event of its making, and its SHA-384 in hex."""

    kind: str
    paper: str
    digest: str

    @property
    def subject(self) -> events.Subject:
        return events.Subject(self.kind, self.paper)


def seal_papers(papers: Iterable[MadePaper], *, now: datetime) -> None:
    """Sign the digests of the papers, each once, and enqueue ``paper.sealed`` for each.

    Raises CertificatesFirst, SealEnded, and LogUnavailable unless the log has the event of each
    that it was made; then none is signed.
    """
    wanted = {each.digest: each for each in papers}
    for digest, _signature in _signed(list(wanted)).alone():
        del wanted[digest]
    if not wanted:
        return
    if certificates_wait(now):
        raise CertificatesFirst("certificates are signed first")
    (own,) = _newest_seal().alone()
    if now > own.certificate.not_valid_after_utc:
        raise SealEnded(own.stem)
    lease.require()
    _require_logged(wanted.values())
    signer = signers.load(own.stem, own.certificate)
    sealed = {each: sealing.sign(bytes.fromhex(digest), signer) for digest, each in wanted.items()}
    with transaction.atomic():
        lease.hold()
        # Another process may have signed one meanwhile: then the digest is not unique, nothing is
        # stored, and the next attempt leaves that one out.
        _keep(sealed, own, now)
        payloads = [{"kind": each.kind, "paper": each.paper} for each in sealed]
        outbox.enqueue_all("paper.sealed", payloads, now=now)


def certificates_wait(now: datetime) -> bool:
    """Return whether a certificate waits for the signer, which must not be kept by papers."""
    return bool(_waiting_certificate(now).alone())


def _keep(sealed: Mapping[MadePaper, bytes], own: Seal, now: datetime) -> None:
    rows = [
        SealedPaper(
            seal=own,
            paper=f"{each.kind}:{each.paper}",
            digest=each.digest,
            signature=signature,
            sealed_at=now,
        )
        for each, signature in sealed.items()
    ]
    row_writes.insert(rows)
    made = [
        events.made(
            IssuanceEvent.PAPER_SEALED,
            each.subject,
            system("ca"),
            now,
            seal=own.stem,
            sha384=each.digest,
            signature_sha256=hashlib.sha256(signature).hexdigest(),
        )
        for each, signature in sealed.items()
    ]
    events.insert(made)


@compiled_for([""])
def _signed(digests: list[str]) -> Values:
    """Return the query for the digest and signature of each of the papers that is signed."""
    signed = SealedPaper.objects.filter(Among("digest", "text", digests))
    return Values(signed.values_list("digest", "signature"), 2)


@compiled_for(datetime.min.replace(tzinfo=UTC))
def _waiting_certificate(now: datetime) -> Values:
    """Return the query for one item of a certificate that waits for the signer, if any does."""
    waiting = OutboxItem.objects.filter(done_at=None, failed_at=None, due_at__lte=now)
    return Values(waiting.filter(topic__in=CERTIFICATES).values_list("topic")[:1])


@compiled_for()
def _newest_seal() -> Rows:
    return Rows(Seal.objects.order_by("-pk")[:1])


def _require_logged(papers: Collection[MadePaper]) -> None:
    """Raise LogUnavailable unless the log has the database's event of each that it was made."""
    if not key.is_wanted():
        raise LogUnavailable("no paper is sealed without a log of events")
    build.extend_wholly()
    making: dict[MadePaper, set[int]] = defaultdict(set)
    for kind in {each.kind for each in papers}:
        keys = [each.paper for each in papers if each.kind == kind]
        for event in _making(kind, keys).alone():
            made = MadePaper(kind, event.object_id, event.data.get("sha384", ""))
            making[made].add(event.pk)
    logged = among_leaves([number for each in papers for number in making[each]])
    for each in papers:
        if not making[each] & logged:
            raise LogUnavailable(f"the making of {each.kind} {each.paper} is not in the log")


@compiled_for("a kind", ["a paper"])
def _making(kind: str, papers: list[str]) -> Rows:
    """Return the query for the events that papers of the kind, with these keys, were made."""
    about = Event.objects.filter(Among("object_id", "text", papers), object_type=kind)
    return Rows(about.filter(action=IssuanceEvent.PAPER_MADE.value, refused=False))
