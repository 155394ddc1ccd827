"""The steps of making a paper: render, have it sealed, store. Only the `default` worker loads this.

Each step starts from what the previous one stored, so it is repeated if a worker is killed.
"""

from dataclasses import replace

from applications import services
from applications.documents import papers, sealing
from applications.models import Paper
from certportal.foundation import clock
from certportal.foundation.files import storing
from certportal.foundation.mail.sending import File
from issuance import services as authority
from issuance.models import CeremonyRecord

_MADE_OF = (
    *("submission", "decision__submission", "application"),
    *("certificate__issuing_ca", "installing__issuing_ca"),
)


def do_next_step(key: int) -> None:
    """Do the next step for the paper, unless it is made or was erased with its order."""
    paper = Paper.objects.select_related(*_MADE_OF).filter(pk=key, made_at=None).first()
    if paper is None:
        return
    if paper.digest:
        _finish(paper)
    else:
        _prepare(paper)


def do_next_ceremony_step(key: int) -> None:
    """Do the next step for the paper of a ceremony's record; nothing while there is no seal."""
    record, seal = CeremonyRecord.objects.get(pk=key), authority.seal_in_use()
    if record.pdf is not None or seal is None:
        return
    if not record.digest:
        file = papers.ceremony(record)
        prepared = sealing.prepare(file.content, seal, label=papers.english_seal_label())
        authority.have_record_sealed(record, prepared.content, prepared.digest, now=clock.now())
        return
    digest = bytes.fromhex(record.digest)
    if signature := authority.signature_over(digest):
        sealed = sealing.seal(bytes(record.prepared), digest, signature)
        authority.keep_sealed_record(record, sealed)


def _prepare(paper: Paper) -> None:
    file, seal = papers.render(paper), authority.seal_in_use()
    if seal is None:
        services.keep_paper(paper, file, now=clock.now())
        return
    prepared = sealing.prepare(file.content, seal, label=papers.seal_label(paper))
    file = replace(file, content=prepared.content)
    services.have_sealed(paper, file, prepared.digest, instead_of=paper.digest, now=clock.now())


def _finish(paper: Paper) -> None:
    signature = authority.signature_over(bytes.fromhex(paper.digest))
    if signature is None:
        services.ask_for_seal_again(paper, now=clock.now())
        return
    try:
        prepared = storing.content_of(paper.prepared)
    except FileNotFoundError:  # the store was restored from an older copy than the database
        _prepare(paper)
        return
    content = sealing.seal(prepared, bytes.fromhex(paper.digest), signature)
    services.keep_paper(paper, File(paper.name, content, papers.PDF), now=clock.now())
