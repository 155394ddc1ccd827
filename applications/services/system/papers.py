"""Papers of an order: have a worker make one, have it sealed, and store it.

Where the authority has a seal, a worker stores the prepared paper and gives its digest to the
signer; when that is signed, a worker stores the paper with the signature. If a process is killed in
between, the work is repeated and the paper is stored once.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from applications.errors import NotPossible
from applications.models import Application, Paper
from applications.models.paper import Source, key_of, order_key, paper_of
from applications.services import transition
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.database import row_writes
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.files import storing
from certportal.foundation.mail.sending import File
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits
from issuance import services as authority

# Requests for new papers by a person, from a network address and for an organisation. A worker
# spends about a second on each; papers that are stored or being made are not counted.
MOST_A_MINUTE, MOST_FROM, MOST_FOR_ONE = 10, 60, 20


def want_paper(made_of: Source, *, actor: Actor, now: datetime) -> Paper:
    """Return the paper of the source; if it is not made yet, enqueue the work.

    Repeated calls while the work is enqueued or will be retried change nothing. If the work was
    given up or removed, it is enqueued again. Raises TooMany, and NotPossible in an erased order.
    """
    paper = paper_of(made_of)  # without waiting for a lock
    if paper is not None and (paper.made_at or _is_on_its_way(paper)):
        return paper
    return _want(made_of, actor, now)


@transaction.atomic
def _want(made_of: Source, actor: Actor, now: datetime) -> Paper:
    paper = _row(made_of)
    if paper.made_at is None and not _is_on_its_way(paper):
        # Counted in this transaction: of concurrent requests for a new paper, those that waited for
        # the row's lock find it enqueued, and count nothing.
        minute = timedelta(minutes=1)
        most = {"most": MOST_A_MINUTE, "most_from": MOST_FROM}
        limits.spend_by("paper", actor, **most, per=minute, now=now)
        organisation = str(paper.application.organisation_id)
        limits.spend("paper_for", organisation, most=MOST_FOR_ONE, per=minute, now=now)
        _enqueue(paper, now)
    return paper


def is_set_aside(paper: Paper) -> bool:
    """Return whether making the paper failed for good, and somebody must decide about it."""
    item = _open_item(paper)
    return item is not None and item.failed_at is not None


def paper_for_mail(made_of: Source, *, now: datetime) -> bool:
    """Return whether the paper that a mail waits for is made; if not, enqueue the work once.

    Raises NotPossible in an erased order.
    """
    paper = paper_of(made_of)  # without waiting for a lock
    if paper is None or paper.made_at is None:
        paper = _paper_for_mail(made_of, now)
    return paper.made_at is not None


@transaction.atomic
def _paper_for_mail(made_of: Source, now: datetime) -> Paper:
    paper = _row(made_of)
    if paper.made_at is None and not _is_on_its_way(paper):
        _enqueue(paper, now)
    return paper


@storing.atomic()
def keep_paper(paper: Paper, file: File, *, now: datetime) -> None:
    """Store the finished paper, and let its order's waiting mails be sent at once.

    Does nothing if another worker was faster or the order was erased.
    """
    row = _unmade(paper)
    if row is None:
        return
    row.file.name = storing.write(file.content)
    row.name, row.made_at, row.size = file.name, now, len(file.content)
    row.sha256 = hashlib.sha256(file.content).hexdigest()
    storing.delete(row.prepared.name)
    row.prepared.name = ""
    row_writes.update(row, "file", "name", "made_at", "size", "sha256", "prepared")
    mails = OutboxItem.objects.filter(topic="application.notice")
    outbox.hasten(mails.filter(payload__application=str(row.application_id)), now=now)


@storing.atomic()
def have_sealed(
    paper: Paper, prepared: File, digest: bytes, *, instead_of: str = "", now: datetime
) -> None:
    """Store the prepared paper, and have its digest sealed; only once.

    `instead_of`: the digest of an earlier prepared paper that has been lost.
    """
    row = _unmade(paper)
    if row is None or row.digest != instead_of:
        return
    row.prepared.name = storing.write(prepared.content)
    row.name = row.name or prepared.name
    row.digest = digest.hex()
    subject, actor = _subject(row), system("papers")
    row.item = authority.ask_for_seal(subject, digest, paper.kind, actor=actor, now=now).pk
    row_writes.update(row, "prepared", "name", "digest", "item")


@transaction.atomic
def ask_for_seal_again(paper: Paper, *, now: datetime) -> None:
    """Enqueue the sealing of a prepared paper again if its work was given up."""
    row = _unmade(paper)
    if row is not None and not _is_on_its_way(row):
        _enqueue(row, now)


def _enqueue(paper: Paper, now: datetime) -> None:
    """Enqueue the next step: rendering, or sealing a rendered paper."""
    order = str(paper.application_id)
    if paper.digest:
        item = authority.ask_again(_subject(paper), bytes.fromhex(paper.digest), now=now)
    else:
        (item,) = outbox.enqueue("paper.wanted", now=now, paper=paper.pk, application=order)
    paper.item = item.pk
    row_writes.update(paper, "item")


def erase_papers(application: Application) -> None:
    """Delete the papers of an order that is being erased; the files go after the commit."""
    for paper in application.papers.all():
        storing.delete(paper.file.name or paper.prepared.name)
    application.papers.all().delete()


_read, _item = by_key(Paper, "application"), by_key(OutboxItem)


def _unmade(paper: Paper) -> Paper | None:
    """Return the paper's row while it is not finished, under a lock on its order."""
    # Locks the order first, so that a concurrent erasure misses no new file.
    transition.lock(paper.application_id)
    row = _read(paper.pk)
    return row if row is not None and row.made_at is None else None


def _subject(paper: Paper) -> events.Subject:
    return events.Subject("paper", paper.pk, paper.application.organisation_id)


def _row(made_of: Source) -> Paper:
    """Return the paper's row, created if it is not there, under a lock on its order."""
    application = transition.lock(order_key(made_of))
    if application.erased_at is not None:
        raise NotPossible
    return paper_of(made_of) or Paper.objects.create(application=application, **key_of(made_of))


def _is_on_its_way(paper: Paper) -> bool:
    """Return whether an outbox item will make it, or is set aside for an operator to decide on."""
    return _open_item(paper) is not None or (
        bool(paper.digest) and authority.signature_over(bytes.fromhex(paper.digest)) is not None
    )


def _open_item(paper: Paper) -> OutboxItem | None:
    item = _item(paper.item) if paper.item else None
    return item if item is not None and item.done_at is None else None
