"""Records of key ceremonies as sealed papers: made by a worker, sealed on their event, and read."""

from pathlib import Path

import pikepdf
import pytest
from django.test import Client
from django.urls import reverse

from applications import tasks
from applications.documents import paper_text
from certportal.dev.builders import orders, people
from certportal.foundation.actors import system
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.models import Event
from issuance import services as authority
from issuance.models import CeremonyRecord, SealedPaper
from issuance.services.ceremony.kept_record import keep_record
from issuance.services.event_log import key
from tests import seals
from tests.authorities import add_seal

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = """Key ceremony: approver enrolled
  when       2026-11-27T08:30:15Z
  operator   Olli Operaattori
  witness    Ville Valvoja

Approver Riitta Reviewer
  person     17
  passkey    ABCD-EFGH-IJKL-MNOP

Signed: ______________________  Olli Operaattori
Signed: ______________________  Ville Valvoja
"""


@pytest.fixture
def log(cas, settings, tmp_path):
    """The key of the log without which nothing is sealed."""
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("a password of the tests")
    return key.make("log.example.fi/events")


def keep(now, name="20261127T083015Z-approver"):
    return keep_record(name, TEXT, actor=system("ceremony"), now=now)


def test_a_record_becomes_a_sealed_paper_that_others_find_valid(log, now, tmp_path: Path):
    seal = add_seal()
    keep(now)
    orders.drain()
    record = CeremonyRecord.objects.get()
    pdf = bytes(record.pdf)
    assert "Signature is Valid" in seals.by_poppler(pdf, seal.root, tmp_path)
    assert seals.by_pyhanko(pdf, seal.root).bottom_line
    told = {event.action: event for event in Event.objects.filter(object_type="ceremony_record")}
    assert set(told) == {
        *("issuance.ceremony_recorded", "issuance.paper_made", "issuance.paper_sealed")
    }
    assert "Olli" not in str([event.data for event in told.values()])


def test_the_paper_is_tagged_and_says_what_the_record_says(log, now, tmp_path: Path):
    add_seal()
    keep(now)
    orders.drain()
    path = tmp_path / "record.pdf"
    path.write_bytes(bytes(CeremonyRecord.objects.get().pdf))
    with pikepdf.open(path) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
    html = paper_text.ceremony(CeremonyRecord.objects.get())
    for said in ("Key ceremony: approver enrolled", "Ville Valvoja", "ABCD-EFGH-IJKL-MNOP"):
        assert said in html
    assert "____" not in html


def test_the_signer_seals_no_record_of_whose_making_it_finds_no_event(log, now):
    add_seal()
    with pytest.raises(LogUnavailable, match="is not in the log"):
        authority.seal_papers([authority.MadePaper("ceremony_record", "1", "ab" * 48)], now=now)
    assert not SealedPaper.objects.exists()


def test_a_record_from_before_the_seal_gets_its_paper_with_it(log, now):
    keep(now)
    orders.drain()
    assert CeremonyRecord.objects.get().pdf is None
    add_seal()
    orders.drain()
    assert CeremonyRecord.objects.get().pdf is not None


def test_done_twice_and_killed_between_it_is_one_paper(log, now):
    add_seal()
    record = keep(now)
    tasks.next_ceremony_step(record.pk)
    tasks.next_ceremony_step(record.pk)
    orders.drain()
    kept = bytes(CeremonyRecord.objects.get().pdf)
    tasks.next_ceremony_step(record.pk)
    orders.drain()
    assert bytes(CeremonyRecord.objects.get().pdf) == kept
    assert SealedPaper.objects.count() == 1


def test_staff_read_the_records_and_nobody_else(log, now, matti, riitta):
    record = keep(now)
    page, paper = reverse("console:ceremonies"), reverse("console:ceremony", args=[record.pk])
    auditor = people.log_in(Client(), people.make_auditor("Anneli Auditoija", now=now))
    assert auditor.get(paper).status_code == 404  # not made yet
    add_seal()
    orders.drain()
    assert paper in auditor.get(page).content.decode()
    assert auditor.get(paper)["Content-Type"] == "application/pdf"
    assert Event.objects.filter(action="list.exported", object_id="ceremony_record").exists()
    stranger = people.log_in(Client(), matti)
    assert [stranger.get(one).status_code for one in (page, paper)] == [404, 404]
