"""Papers of an order: ask a worker for one, and keep what the worker made."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from applications.errors import NotPossible
from applications.models import Application, Paper
from applications.models.paper import Source, key_of
from applications.services import transition
from certportal.foundation.actors import Actor
from certportal.foundation.files import storing
from certportal.foundation.mail.sending import File
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.web import limits

# New papers wanted by one person, from one network address and for one organisation. A worker
# spends about a second on each; papers that are kept, or on their way, are not counted.
MOST_A_MINUTE, MOST_FROM, MOST_FOR_ONE = 10, 60, 20


def want_paper(made_of: Source, *, actor: Actor, now: datetime) -> Paper:
    """Return the paper of the submission or decision; unless it is made, have a worker make it.

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
        order = str(paper.application_id)
        (item,) = outbox.enqueue("paper.wanted", now=now, paper=paper.pk, application=order)
        paper.item = item.pk
        paper.save(update_fields=["item"])
    return paper


def is_set_aside(paper: Paper) -> bool:
    """Whether making the paper failed for good, so that an operator or reviewer must decide."""
    return _open_item(paper).exclude(failed_at=None).exists()


@transaction.atomic
def paper_row(made_of: Source) -> Paper:
    """Return the row of a paper for a worker that makes it at once. Raises NotPossible."""
    return _row(made_of)


@storing.atomic()
def keep_paper(paper: Paper, file: File, *, now: datetime) -> None:
    """Keep the rendered paper. If another worker was faster, or the order was erased, drop it."""
    # The order first: an erasure that has looked for files already must not miss this one.
    transition.lock(paper.application_id)
    kept = Paper.objects.filter(pk=paper.pk, made_at=None).first()
    if kept is None:
        return
    kept.file.name = storing.write(file.content)
    kept.name, kept.made_at, kept.size = file.name, now, len(file.content)
    kept.sha256 = hashlib.sha256(file.content).hexdigest()
    kept.save(update_fields=["file", "name", "made_at", "size", "sha256"])


def erase_papers(application: Application) -> None:
    """Delete the papers of an order that is being erased; the files go after the commit."""
    for paper in application.papers.all():
        storing.delete(paper.file.name)
    application.papers.all().delete()


def _row(made_of: Source) -> Paper:
    """Return the paper's row, created if it is not there, under a lock on its order."""
    application = transition.lock(made_of.application_id)
    if application.erased_at is not None:
        raise NotPossible
    paper, _new = Paper.objects.get_or_create(
        **key_of(made_of), defaults={"application": application}
    )
    return paper


def _is_on_its_way(paper: Paper) -> bool:
    """Whether an outbox item will make it, or is set aside for an operator to decide on."""
    return _open_item(paper).exists()


def _open_item(paper: Paper) -> QuerySet[OutboxItem]:
    items = OutboxItem.objects.filter(done_at=None)
    return items.filter(pk=paper.item) if paper.item else items.none()


def _spend(application: Application, actor: Actor, now: datetime) -> None:
    minute = timedelta(minutes=1)
    most = {"most": MOST_A_MINUTE, "most_from": MOST_FROM}
    limits.spend_by("paper", actor, **most, per=minute, now=now)
    organisation = str(application.organisation_id)
    limits.spend("paper_for", organisation, most=MOST_FOR_ONE, per=minute, now=now)
