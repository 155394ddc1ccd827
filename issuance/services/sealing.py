"""Sealing papers: the CA signs the digest of a paper if the log of events has its making.

Whoever makes the paper calls `ask_for_seal`; the signing worker runs `seal_paper`. The CA gets only
the digest, never the paper.
"""

import hashlib
from datetime import UTC, datetime

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.events import Subject
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.together import Asks, Question, Rows, Values, compiled_for, first
from issuance import signers
from issuance.authority import seal as sealing
from issuance.event_names import IssuanceEvent
from issuance.models import Seal, SealedPaper
from issuance.services import lease
from issuance.services.event_log import build, key
from issuance.services.event_log.evidence import among_leaves

CERTIFICATES = ("certificate.confirmed", "certificates.confirmed")
"""The topics of outbox items that are handled before any paper is sealed."""


class CertificatesFirst(Unavailable):
    """A certificate waits to be signed; papers are sealed after it."""


class SealEnded(Unavailable):
    """The seal's certificate has ended; papers wait for the next one (`create_seal`)."""


@Question
def seal_in_use() -> Asks[Seal | None]:
    """The seal in use; None before its ceremony, when papers are kept unsealed."""
    return Rows(Seal.objects.order_by("-pk")[:1]), first


def ask_for_seal(
    paper: Subject, digest: bytes, kind: str, *, actor: Actor, now: datetime
) -> OutboxItem:
    """Record in the caller's transaction that the paper was made, and have its digest sealed."""
    events.record(IssuanceEvent.PAPER_MADE, paper, actor, now, kind=kind, sha384=digest.hex())
    return ask_again(paper, digest, now=now)


def ask_again(paper: Subject, digest: bytes, *, now: datetime) -> OutboxItem:
    """Queue the sealing of a recorded paper again, for example after it was given up."""
    payload = {"kind": paper.type, "paper": str(paper.id), "digest": digest.hex()}
    (item,) = outbox.enqueue("paper.made", now=now, **payload)
    return item


def signature_over(digest: bytes) -> bytes | None:
    """The seal's signature (CMS, DER) over the paper of this digest; None until it is signed."""
    found = _sealed(digest.hex()).alone()
    return bytes(found[0][0]) if found else None


def seal_paper(kind: str, paper: str, digest: str, *, now: datetime) -> None:
    """Sign the paper's digest, once, and enqueue ``paper.sealed``.

    Raises CertificatesFirst, SealEnded, and LogUnavailable unless the log has the event that the
    paper was made.
    """
    if _sealed(digest).alone():
        return
    if _waiting_certificate(now).alone():
        raise CertificatesFirst("certificates are signed first")
    (own,) = _newest_seal().alone()
    if now > own.certificate.not_valid_after_utc:
        raise SealEnded(own.stem)
    lease.require()
    _require_logged(kind, paper, digest)
    signature = sealing.sign(bytes.fromhex(digest), signers.load(own.stem, own.certificate))
    with transaction.atomic():
        lease.hold()
        _made, is_new = SealedPaper.objects.get_or_create(
            digest=digest,
            defaults={
                "seal": own,
                "paper": f"{kind}:{paper}",
                "signature": signature,
                "sealed_at": now,
            },
        )
        if is_new:
            _record(Subject(kind, paper), own, digest, signature, now)
            outbox.enqueue("paper.sealed", now=now, kind=kind, paper=paper)


def _record(paper: Subject, own: Seal, digest: str, signature: bytes, now: datetime) -> None:
    events.record(
        IssuanceEvent.PAPER_SEALED,
        paper,
        system("ca"),
        now,
        seal=own.stem,
        sha384=digest,
        signature_sha256=hashlib.sha256(signature).hexdigest(),
    )


@compiled_for("a digest")
def _sealed(digest: str) -> Values:
    """Return the query for the signature over the paper of this digest, if there is one."""
    return Values(SealedPaper.objects.filter(digest=digest).values_list("signature"))


@compiled_for(datetime.min.replace(tzinfo=UTC))
def _waiting_certificate(now: datetime) -> Values:
    """Return the query for one item of a certificate that waits for the signer, if any does."""
    waiting = OutboxItem.objects.filter(done_at=None, failed_at=None, due_at__lte=now)
    return Values(waiting.filter(topic__in=CERTIFICATES).values_list("topic")[:1])


@compiled_for()
def _newest_seal() -> Rows:
    """Return the query for the seal made last."""
    return Rows(Seal.objects.order_by("-pk")[:1])


def _require_logged(kind: str, paper: str, digest: str) -> None:
    """Raise LogUnavailable unless the log has the database's event that this paper was made."""
    if not key.is_wanted():
        raise LogUnavailable("no paper is sealed without a log of events")
    build.extend_wholly()
    made = Event.objects.filter(
        object_type=kind, object_id=paper, action=IssuanceEvent.PAPER_MADE, refused=False
    )
    numbers = [event.pk for event in made if event.data.get("sha384") == digest]
    if not among_leaves(numbers):
        raise LogUnavailable(f"the making of {kind} {paper} is not in the log")
