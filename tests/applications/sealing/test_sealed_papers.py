"""Papers with the authority's seal: whole way, killed on the way, and what is never sealed."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from django.urls import reverse

from applications import services
from applications.documents import papers, sealing
from applications.models import Paper
from applications.services.system import erase
from certportal.dev.builders import orders, people
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.mail.sending import File
from certportal.foundation.models import Event, OutboxItem
from issuance import services as authority, tasks
from issuance.authority import seal as seals_of_authority
from issuance.models import SealedPaper
from issuance.services.sealing import CertificatesFirst, SealEnded
from tests import seals
from tests.applications.sealing.signing import sign
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)


def told_of(paper: Paper, act: str):
    return Event.objects.filter(action=f"issuance.paper_{act}", object_id=str(paper.pk))


def test_a_receipt_is_sealed_mailed_and_found_valid_by_others(
    seal, matti, tmp_path: Path, mailoutbox
):
    order = orders.submitted(matti)
    orders.drain()
    OutboxItem.objects.filter(done_at=None).update(due_at=order.submission.at)
    orders.drain()
    (mailed,) = [m for m in mailoutbox if m.attachments and "_receipt" in str(m.attachments[0])]
    pdf = mailed.attachments[0].get_content()
    paper = Paper.objects.get()
    assert pdf == paper.file.read()
    said = seals.by_poppler(pdf, seal.root, tmp_path)
    for words in ("Total document signed", "Signature is Valid", "Certificate is Trusted"):
        assert words in said
    status = seals.by_pyhanko(pdf, seal.root)
    assert status.bottom_line, status.summary()
    made, sealed = (told_of(paper, act).get() for act in ("made", "sealed"))
    assert made.data["sha384"] == sealed.data["sha384"] == paper.digest
    assert made.data["kind"] == "receipt"
    assert not paper.prepared


def test_the_sealed_paper_is_still_tagged_and_says_the_same(prepared, sent, now):
    sign(prepared, now)
    orders.drain()
    pdf = Paper.objects.get().file.read()
    plain = papers.receipt(sent.submission).content
    assert pdf.startswith(plain)
    added = pdf[len(plain) :]
    # ISO 14289-1, 7.18: a hidden field needs no tag; a page with one goes in the order of tags.
    assert b"/F 130" in added
    assert b"/Tabs /S" in added
    assert b"/StructTreeRoot" in added


def test_somebody_changes_the_paper_and_the_seal_is_broken(prepared, seal, now, tmp_path: Path):
    sign(prepared, now)
    orders.drain()
    pdf = bytearray(Paper.objects.get().file.read())
    pdf[pdf.index(b"/Lang (fi)") + 7] ^= 1
    assert "Signature is Valid" not in seals.by_poppler(bytes(pdf), seal.root, tmp_path)
    assert not seals.by_pyhanko(bytes(pdf), seal.root).bottom_line


def test_killed_anywhere_and_done_again_it_is_kept_once(prepared, now):
    """Each step is done twice, as by a worker that was killed before it could say that it was."""
    paper, first = prepared, prepared.prepared.name
    services.have_sealed(paper, papers.render(paper), b"other", now=now)
    assert Paper.objects.get().prepared.name == first
    for _ in range(2):
        sign(paper, now)
    (signed,) = SealedPaper.objects.all()
    assert told_of(paper, "sealed").count() == 1
    done = orders.drain()
    assert done.count("paper.sealed") == 1
    kept = Paper.objects.get()
    services.ask_for_seal_again(kept, now=now)
    assert orders.drain() == []
    assert bytes(signed.signature).hex().encode() in kept.file.read().lower()
    assert not default_storage.exists(first)


def test_a_seal_whose_work_was_given_up_can_be_asked_for_again(prepared, sent, matti, now):
    OutboxItem.objects.filter(topic="paper.made").update(done_at=now)
    web = people.log_in(Client(), matti)
    place = reverse("applications:receipt", args=[sent.pk, 1])
    assert web.get(place).status_code == 202
    orders.drain()
    assert web.get(place).content.startswith(b"%PDF-")
    assert told_of(prepared, "made").count() == 1


def test_while_it_waits_for_the_seal_asking_changes_nothing(prepared, sent, matti):
    web = people.log_in(Client(), matti)
    place = reverse("applications:receipt", args=[sent.pk, 1])
    assert web.get(place).status_code == 202
    assert not OutboxItem.objects.filter(topic="paper.wanted").exists()


def test_what_was_not_recorded_is_not_sealed(prepared, now):
    """A stolen worker asks for the seal on bytes of its own."""
    for digest in ("ab" * 48, prepared.digest):
        with pytest.raises(LogUnavailable, match="is not in the log"):
            authority.seal_papers([authority.MadePaper("paper", "999999", digest)], now=now)
    with pytest.raises(LogUnavailable, match="is not in the log"):
        authority.seal_papers([authority.MadePaper("paper", str(prepared.pk), "ab" * 48)], now=now)
    assert not SealedPaper.objects.exists()


@pytest.fixture
def more(order, matti):
    """Two more such orders."""
    return [orders.submitted(matti) for _number in range(2)]


@pytest.fixture
def others(more, prepared, now) -> list[Paper]:
    """The receipts of two more orders, which wait for the signer like the first one."""
    made = []
    for number, order in zip(("second", "third"), more, strict=True):
        paper = Paper.objects.create(application=order, submission=order.submission)
        content = File(f"{number}.pdf", prepared.prepared.read(), "application/pdf")
        services.have_sealed(paper, content, hashlib.sha384(number.encode()).digest(), now=now)
        paper.refresh_from_db()
        made.append(paper)
    return made


def of(*papers: Paper) -> list[authority.MadePaper]:
    return [authority.MadePaper("paper", str(each.pk), each.digest) for each in papers]


def test_papers_are_sealed_together_each_once(others, prepared, now):
    sign(others[0], now)
    authority.seal_papers(of(prepared, *others, prepared), now=now)
    keys = {str(each.pk) for each in (prepared, *others)}
    signed = dict(SealedPaper.objects.values_list("paper", "digest"))
    assert signed == {f"paper:{each.pk}": each.digest for each in (prepared, *others)}
    told = Event.objects.filter(action="issuance.paper_sealed", object_id__in=keys)
    assert sorted(told.values_list("object_id", flat=True)) == sorted(keys)
    items = OutboxItem.objects.filter(topic="paper.sealed", done_at=None)
    assert sorted(item.payload["paper"] for item in items) == sorted(keys)


def test_papers_that_wait_are_sealed_when_the_log_is_extended(others, prepared):
    tasks.extend_event_log()
    sealed_at = SealedPaper.objects.values_list("sealed_at", flat=True)
    assert len(sealed_at) == 3 and len({*sealed_at}) == 1
    assert not OutboxItem.objects.filter(topic="paper.made", done_at=None).exists()
    tasks.extend_event_log()
    assert SealedPaper.objects.count() == 3


def test_who_was_suspended_while_another_sealed_stores_nothing(others, prepared, now, monkeypatch):
    at_once = seals_of_authority.sign

    def late(digest, signer):
        monkeypatch.setattr(seals_of_authority, "sign", at_once)
        sign(prepared, now)  # by the one that took over meanwhile
        return at_once(digest, signer)

    monkeypatch.setattr(seals_of_authority, "sign", late)
    with pytest.raises(IntegrityError):
        authority.seal_papers(of(prepared, *others), now=now)
    assert SealedPaper.objects.get(sealed_at=now).paper == f"paper:{prepared.pk}"
    tasks.extend_event_log()
    assert (SealedPaper.objects.count(), told_of(prepared, "sealed").count()) == (3, 1)
    assert not OutboxItem.objects.filter(topic="paper.made", done_at=None).exists()


def test_papers_wait_unleased_while_a_certificate_waits(others, prepared):
    item = OutboxItem.objects.filter(topic="paper.made", done_at=None)[0]
    item.pk, item.topic, item.task = None, "certificate.confirmed", "issuance.issue"
    item.save(force_insert=True)
    tasks.extend_event_log()
    waiting = OutboxItem.objects.filter(topic="paper.made", done_at=None)
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 0]
    item.delete()
    tasks.extend_event_log()
    assert SealedPaper.objects.count() == 3


def test_a_paper_that_was_not_recorded_keeps_none_of_the_others_from_the_seal(
    others, prepared, now
):
    with pytest.raises(LogUnavailable, match="paper 999999 is not in the log"):
        authority.seal_papers(
            [*of(prepared), authority.MadePaper("paper", "999999", "ab" * 48)], now=now
        )
    assert not SealedPaper.objects.exists()
    item = OutboxItem.objects.filter(topic="paper.made", done_at=None)[0]
    item.pk, item.payload = None, item.payload | {"paper": "999999", "digest": "ab" * 48}
    item.save(force_insert=True)
    orders.drain()
    assert SealedPaper.objects.count() == 3
    assert OutboxItem.objects.get(payload__paper="999999").problem == "LogUnavailable"


def test_an_event_that_was_changed_later_is_no_evidence(prepared, now):
    with pytest.raises(LogUnavailable, match="is not in the log"):
        authority.seal_papers([authority.MadePaper("paper", str(prepared.pk), "ab" * 48)], now=now)
    with unkept():
        for event in Event.objects.filter(action="issuance.paper_made"):
            event.data["sha384"] = "ab" * 48
            event.save()
    with pytest.raises(LogUnavailable, match="is not in the log"):
        authority.seal_papers([authority.MadePaper("paper", str(prepared.pk), "ab" * 48)], now=now)


def test_without_a_log_of_events_nothing_is_sealed(prepared, settings, now):
    settings.CA_KEYS_DIR = ""
    with pytest.raises(LogUnavailable, match="without a log"):
        sign(prepared, now)


def test_certificates_are_signed_first(prepared, now):
    item = OutboxItem.objects.get(topic="paper.made", done_at=None)
    item.pk, item.topic, item.task = None, "certificate.confirmed", "issuance.issue"
    item.save(force_insert=True)
    with pytest.raises(CertificatesFirst):
        sign(prepared, now)
    OutboxItem.objects.filter(topic="certificate.confirmed").update(done_at=now)
    sign(prepared, now)


def test_a_prepared_paper_that_was_changed_is_not_kept(prepared, now):
    sign(prepared, now)
    with default_storage.open(prepared.prepared.name, "rb+") as file:
        content = file.read().replace(b"/Lang (fi)", b"/Lang (sv)")
    Path(prepared.prepared.path).write_bytes(content)
    with pytest.raises(sealing.NotPrepared):
        sealing.fill(content, bytes.fromhex(prepared.digest), b"")
    orders.drain()
    assert Paper.objects.get().made_at is None


def test_a_prepared_paper_that_was_lost_is_rendered_and_sealed_again(
    prepared, seal, now, tmp_path: Path
):
    """The files were restored from an older copy than the database."""
    sign(prepared, now)
    default_storage.delete(prepared.prepared.name)
    orders.drain()
    OutboxItem.objects.filter(done_at=None).update(due_at=now)
    orders.drain()
    kept = Paper.objects.get()
    assert kept.made_at is not None and kept.digest != prepared.digest
    assert kept.name == prepared.name
    assert "Signature is Valid" in seals.by_poppler(kept.file.read(), seal.root, tmp_path)
    with pytest.raises(InternalError), transaction.atomic():
        Paper.objects.update(digest=prepared.digest)


def test_after_the_seal_has_ended_papers_wait_for_the_next(prepared, seal, now):
    ended = seal.certificate.not_valid_after_utc
    with pytest.raises(SealEnded):
        sign(prepared, ended + timedelta(seconds=1))
    assert not SealedPaper.objects.exists()
    sign(prepared, ended)


def test_the_prepared_paper_goes_with_the_rest_of_an_erased_order(prepared, sent, now):
    name = prepared.prepared.name
    assert default_storage.exists(name)
    erase.erase(sent.pk, now=now)
    assert not default_storage.exists(name)
    sign(prepared, now)  # it is on its way to the signer, and comes back to nobody
    orders.drain()
    assert not Paper.objects.exists()


def test_before_the_ceremony_papers_are_kept_unsealed(cas, matti):
    order = orders.submitted(matti)
    orders.drain()
    assert Paper.objects.get().file.read() == papers.receipt(order.submission).content
    assert not Event.objects.filter(action="issuance.paper_made").exists()
