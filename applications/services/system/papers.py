"""Papers of an order: ask a worker for one, have it sealed, and keep what was made.

Where the authority has a seal, a worker keeps the prepared paper and gives its digest to the
signer; when that is signed, a worker keeps the paper with the signature. Whatever is killed
between, the work is done again and the paper is kept once.
"""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from applications.errors import NotPossible
from applications.models import Application, Paper
from applications.models.paper import Source, key_of, order_key
from applications.services import transition
from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.files import storing
from certportal.foundation.mail.sending import File
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits
from issuance import services as authority

# New papers wanted by one person, from one network address and for one organisation. A worker
# spends about a second on each; papers that are kept, or on their way, are not counted.
MOST_A_MINUTE, MOST_FROM, MOST_FOR_ONE = 10, 60, 20


def want_paper(made_of: Source, *, actor: Actor, now: datetime) -> Paper:
    """Return the paper made of the source; unless it is made, have a worker make it.

    Asking again while a worker has it to do, or will try again, changes nothing. If the work was
    given up or removed, it is enqueued again. Raises TooMany, and NotPossible in an erased order.
    """
    found = Paper.objects.filter(**key_of(made_of)).first()  # without waiting for a lock
    if found is not None and (found.made_at or _is_on_its_way(found)):
        return found
    return _want(made_of, actor, now)


@transaction.atomic
def _want(made_of: Source, actor: Actor, now: datetime) -> Paper:
    paper = _row(made_of)
    if paper.made_at is None and not _is_on_its_way(paper):
        # Counted in this transaction: of many requests at once for a new paper, those that waited
        # for the row find it on its way, and count nothing.
        _spend(paper.application, actor, now)
        _enqueue(paper, now)
    return paper


def is_set_aside(paper: Paper) -> bool:
    """Whether making the paper failed for good, so that an operator or reviewer must decide."""
    return _open_item(paper).exclude(failed_at=None).exists()


@transaction.atomic
def paper_for_mail(made_of: Source, *, now: datetime) -> None:
    """Have a worker make the paper that a mail waits for, unless it is made or on its way.

    Raises NotPossible in an erased order.
    """
    paper = _row(made_of)
    if paper.made_at is None and not _is_on_its_way(paper):
        _enqueue(paper, now)


@storing.atomic()
def keep_paper(paper: Paper, file: File, *, now: datetime) -> None:
    """Keep the finished paper, and send the mails of its order that wait for it.

    If another worker was faster, or the order was erased, drop it.
    """
    kept = _unmade(paper)
    if kept is None:
        return
    kept.file.name = storing.write(file.content)
    kept.name, kept.made_at, kept.size = file.name, now, len(file.content)
    kept.sha256 = hashlib.sha256(file.content).hexdigest()
    storing.delete(kept.prepared.name)
    kept.prepared.name = ""
    kept.save(update_fields=["file", "name", "made_at", "size", "sha256", "prepared"])
    mails = OutboxItem.objects.filter(topic="application.notice")
    outbox.hasten(mails.filter(payload__application=str(kept.application_id)), now=now)


@storing.atomic()
def have_sealed(
    paper: Paper, prepared: File, digest: bytes, *, instead_of: str = "", now: datetime
) -> None:
    """Keep the prepared paper, record that it was made, and have its digest sealed; only once.

    `instead_of`: the digest of what was prepared before, and lost since.
    """
    kept = _unmade(paper)
    if kept is None or kept.digest != instead_of:
        return
    kept.prepared.name = storing.write(prepared.content)
    kept.name = kept.name or prepared.name
    kept.digest = digest.hex()
    about, by = _subject(kept), system("papers")
    kept.item = authority.ask_for_seal(about, digest, kept.kind, actor=by, now=now).pk
    kept.save(update_fields=["prepared", "name", "digest", "item"])


@transaction.atomic
def ask_for_seal_again(paper: Paper, *, now: datetime) -> None:
    """Have a prepared paper sealed whose work was given up; else change nothing."""
    kept = _unmade(paper)
    if kept is not None and not _is_on_its_way(kept):
        _enqueue(kept, now)


def _enqueue(paper: Paper, now: datetime) -> None:
    """Enqueue the next step: rendering, or the seal on what was rendered and recorded."""
    order = str(paper.application_id)
    if paper.digest:
        item = authority.ask_again(_subject(paper), bytes.fromhex(paper.digest), now=now)
    else:
        (item,) = outbox.enqueue("paper.wanted", now=now, paper=paper.pk, application=order)
    paper.item = item.pk
    paper.save(update_fields=["item"])


def erase_papers(application: Application) -> None:
    """Delete the papers of an order that is being erased; the files go after the commit."""
    for paper in application.papers.all():
        storing.delete(paper.file.name or paper.prepared.name)
    application.papers.all().delete()


def _unmade(paper: Paper) -> Paper | None:
    """Return the paper's row while it is not finished, under a lock on its order."""
    # The order first: an erasure that has looked for files already must not miss a new one.
    transition.lock(paper.application_id)
    return Paper.objects.select_related("application").filter(pk=paper.pk, made_at=None).first()


def _subject(paper: Paper) -> events.Subject:
    return events.Subject("paper", paper.pk, paper.application.organisation_id)


def _row(made_of: Source) -> Paper:
    """Return the paper's row, created if it is not there, under a lock on its order."""
    application = transition.lock(order_key(made_of))
    if application.erased_at is not None:
        raise NotPossible
    paper, _new = Paper.objects.get_or_create(
        **key_of(made_of), defaults={"application": application}
    )
    return paper


def _is_on_its_way(paper: Paper) -> bool:
    """Whether an outbox item will make it, or is set aside for an operator to decide on."""
    return _open_item(paper).exists() or _is_signed(paper)


def _is_signed(paper: Paper) -> bool:
    """Whether the seal has signed it, so that the item that ends it is under way."""
    return bool(paper.digest) and authority.signature_over(bytes.fromhex(paper.digest)) is not None


def _open_item(paper: Paper) -> QuerySet[OutboxItem]:
    items = OutboxItem.objects.filter(done_at=None)
    return items.filter(pk=paper.item) if paper.item else items.none()


def _spend(application: Application, actor: Actor, now: datetime) -> None:
    minute = timedelta(minutes=1)
    most = {"most": MOST_A_MINUTE, "most_from": MOST_FROM}
    limits.spend_by("paper", actor, **most, per=minute, now=now)
    organisation = str(application.organisation_id)
    limits.spend("paper_for", organisation, most=MOST_FOR_ONE, per=minute, now=now)
