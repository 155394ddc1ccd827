"""Witnesses of the log's head: asked, kept where they are enough, and shown by who verifies."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from certportal.foundation import alarms
from certportal.foundation.event_log.notes import BadNote, Checkpoint, Note, Signer, Verifier
from certportal.foundation.event_log.tree_hashes import EMPTY
from certportal.foundation.event_log.verifying import Kind
from certportal.foundation.models import Event
from certportal.operations import health
from issuance import services, tasks
from issuance.services.event_log import anchors, build, cosigned, key, witnesses
from tests.doubles import witness
from tests.doubles.witness import Witness, cosignature
from tests.issuance.event_log.conftest import (
    Record,
    copy_of_log,
    log_files,
    put_back,
    restart,
)
from tests.logged import answer_at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga() -> Iterator[Witness]:
    with witness.serving("olga") as found:
        yield found


@pytest.fixture
def wille() -> Iterator[Witness]:
    with witness.serving("wille") as found:
        yield found


@pytest.fixture
def policy(
    olga: Witness,
    wille: Witness,
    keyed: Verifier,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    record: Record,
) -> Iterator[Path]:
    """One of two witnesses is enough; the log has ten events."""
    answer_at_once(monkeypatch)
    place = tmp_path / "policy"
    place.write_text(f"{olga.line()}\n{wille.line()}\ngroup both any olga wille\nquorum both\n")
    settings.EVENT_LOG_POLICY = str(place)
    grow(record, 10)
    yield place
    alarms.clear(witnesses.SILENT, witnesses.CONTRADICTS)


def grow(record: Record, count: int) -> None:
    for number in range(count):
        record(number)
    build.extend()


def head_of(note: str) -> Checkpoint:
    return Checkpoint.opened(note, key.published())


def to_do() -> list[str]:
    return health.sounding(health.TO_DO, health.read_signs())


def test_each_witness_signs_the_head_and_what_they_signed_is_kept(
    policy: Path, olga: Witness, wille: Witness, record: Record
) -> None:
    services.ask_witnesses()
    note = cosigned.note()
    assert head_of(note).size == 10
    assert all(one.verifier.name in note for one in (olga, wille))
    grow(record, 600)
    services.ask_witnesses()
    assert head_of(cosigned.note()).size == 610
    assert (olga.asked, wille.asked) == (2, 2)  # what each knew was known


def test_what_a_witness_knows_that_we_forgot_it_tells(
    policy: Path, olga: Witness, record: Record
) -> None:
    services.ask_witnesses()
    (log_files().folder / "cosigned").unlink()
    grow(record, 300)
    services.ask_witnesses()
    assert head_of(cosigned.note()).size == 310
    assert olga.asked == 3


def test_one_that_is_away_is_not_needed_where_the_other_is_enough(
    policy: Path, olga: Witness, wille: Witness
) -> None:
    wille.status = 500
    tasks.ask_witnesses()
    assert list(cosigned.repository.witnesses().signers(cosigned.note())) == ["olga"]
    assert to_do() == []
    wille.status = 200
    tasks.ask_witnesses()
    assert set(cosigned.repository.witnesses().signers(cosigned.note())) == {"olga", "wille"}


def test_when_too_few_sign_the_last_head_that_enough_signed_stays(
    policy: Path, olga: Witness, wille: Witness, record: Record
) -> None:
    services.ask_witnesses()
    olga.status = wille.status = 404
    grow(record, 5)
    with pytest.raises(witnesses.NotEnough):
        services.ask_witnesses()
    tasks.ask_witnesses()  # which only logs it
    assert head_of(cosigned.note()).size == 10
    assert to_do() == ["witnesses"]


def test_an_older_log_is_told_by_the_witnesses_though_database_and_anchors_fit_it(
    policy: Path, record: Record, tmp_path: Path, as_owner
) -> None:
    """Somebody puts an older copy of log and database back, and takes the anchors away."""
    copy_of_log(tmp_path / "copy")
    last = Event.objects.latest("pk").pk
    grow(record, 5)
    services.ask_witnesses()
    put_back(tmp_path / "copy")
    as_owner("DELETE FROM foundation_event WHERE id > %s", last)
    restart()
    assert services.verify_audit().findings == []
    with pytest.raises(witnesses.Contradicts, match="15 events"):
        services.ask_witnesses()
    assert "witness-contradicts" in to_do()


def test_a_contradiction_stands_until_every_witness_has_signed_again(
    policy: Path, olga: Witness, wille: Witness
) -> None:
    """Whoever put an older log back may keep the witness that told of it from answering."""
    services.ask_witnesses()
    assert olga.head is not None
    truth, olga.head = olga.head, Checkpoint(olga.head.origin, 10, bytes(32))
    with pytest.raises(witnesses.Contradicts):
        services.ask_witnesses()
    olga.status = 503
    services.ask_witnesses()  # the other one is enough
    assert to_do() == ["witness-contradicts"]
    olga.head, olga.status = truth, 200
    services.ask_witnesses()
    assert to_do() == []


def test_another_log_of_the_same_key_is_told_by_the_witnesses(
    policy: Path, olga: Witness, record: Record
) -> None:
    services.ask_witnesses()
    assert olga.head is not None
    olga.head = Checkpoint(olga.head.origin, 10, bytes(32))
    with pytest.raises(witnesses.Contradicts, match="another head of 10"):
        services.ask_witnesses()
    grow(record, 1)
    with pytest.raises(witnesses.Contradicts, match="does not lead"):
        services.ask_witnesses()


@pytest.mark.parametrize("said", ["", "nonsense", "— olga AAAA\n", "another's"])
def test_an_answer_that_is_no_signature_of_the_witness_is_not_taken(
    policy: Path, olga: Witness, wille: Witness, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(question: str) -> witness.Answer:
        note = question.partition("\n\n")[2]
        stranger = cosignature("olga", Ed25519PrivateKey.generate(), note, 1)
        return 200, "text/plain", stranger if said == "another's" else said

    wille.status = 500
    monkeypatch.setattr(olga, "answer", answer)
    with pytest.raises(witnesses.NotEnough):
        services.ask_witnesses()
    assert cosigned.note() == ""


def test_of_a_witness_that_signs_many_times_one_line_is_kept(
    policy: Path, olga: Witness, wille: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note with more than 64 lines is none, so the other's signature would be lost too."""

    def flood(one: Witness, question: str) -> witness.Answer:
        note = question.partition("\n\n")[2]
        lines = [cosignature(one.name, one.private, note, time) for time in range(1, 36)]
        return 200, "text/plain", "".join(lines)

    for each in (olga, wille):
        monkeypatch.setattr(each, "answer", partial(flood, each))
    services.ask_witnesses()
    assert len(Note.parse(cosigned.note()).lines) == 3


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"proof": 5}', b"[" * 100_000])
def test_a_signer_that_answers_nonsense_is_silent(
    policy: Path, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuance.publication.ask_worker.exchange", lambda *_, **__: answer)
    tasks.ask_witnesses()  # which only logs it
    assert to_do() == ["witnesses"]


def test_a_head_that_is_none_of_ours_is_not_kept_whoever_brings_it(
    policy: Path, olga: Witness, keyed: Verifier, record: Record
) -> None:
    services.ask_witnesses()
    kept = cosigned.note()
    stranger = Signer(keyed.name, Ed25519PrivateKey.generate())
    foreign = stranger.sign(Checkpoint(keyed.name, 10, EMPTY).text)
    foreign += cosignature("olga", olga.private, foreign, 1)
    with pytest.raises(BadNote):
        cosigned.keep(foreign)
    ours = log_files().note()
    for brought in (ours, kept + cosignature("x", stranger.private, kept, 1), 7, "x" * 50_000):
        cosigned.keep(brought)
    assert cosigned.note() == kept
    tasks.keep_cosigned(note=foreign)  # which only logs it


def test_verify_audit_says_who_signed_and_names_what_was_changed(
    policy: Path, keyed: Verifier
) -> None:
    with translation.override("en"):
        assert services.verify_audit().told == ["No head has been signed by enough witnesses yet."]
        services.ask_witnesses()
        (told,) = services.verify_audit().told
    assert told.startswith("A head of 10 events was signed by olga (2026-09-21T")
    place = log_files().folder / "cosigned"
    place.write_text(place.read_text().replace("\n10\n", "\n9\n"))
    assert [one.kind for one in services.verify_audit().findings] == [Kind.WITNESSES]


def test_fewer_than_the_policy_wants_are_named(policy: Path, olga: Witness) -> None:
    services.ask_witnesses()
    policy.write_text(policy.read_text().replace(" any ", " all "))
    assert services.verify_audit().findings == []
    policy.write_text(f"{olga.line()}\nwitness third {other_key()}\nquorum third\n")
    assert [one.kind for one in services.verify_audit().findings] == [Kind.WITNESSES]


def other_key() -> Verifier:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return Verifier("third", public, 4)


def test_the_head_that_was_signed_is_anchored(
    policy: Path, settings: Settings, tmp_path: Path, now: datetime
) -> None:
    settings.EVENT_LOG_ANCHORS = str(tmp_path / "anchors")
    services.ask_witnesses()
    anchors.anchor(now=now)
    (signed,) = (tmp_path / "anchors").glob("*-cosigned.checkpoint")
    assert signed.read_text() == cosigned.note()
    assert services.verify_audit().findings == []


def test_a_receipt_leads_to_the_head_that_witnesses_signed(
    policy: Path, keyed: Verifier, record: Record, tmp_path: Path
) -> None:
    first = Event.objects.earliest("pk").pk
    services.ask_witnesses()
    grow(record, 7)
    new = Event.objects.latest("pk").pk
    receipts = services.receipts([first]) | services.receipts([new])
    assert receipts[first].check(keyed).size == 10
    assert receipts[new].check(keyed).size == 17
    assert "fewer than our policy requires" in verified(receipts[new], tmp_path)
    told = verified(receipts[first], tmp_path, f"--policy={policy}")
    assert "Witness: olga (" in told
    assert "Witnesses: as many as our policy requires" in told


def verified(receipt: object, tmp_path: Path, *more: str) -> str:
    """What `verify_receipt` prints."""
    place, told = tmp_path / "x.tlog-proof", StringIO()
    place.write_text(str(receipt))
    with translation.override("en"):
        call_command("verify_receipt", str(place), *more, stdout=told)
    return told.getvalue()


def test_a_receipt_with_too_few_witnesses_fails_the_policy_that_is_named(
    policy: Path, record: Record, tmp_path: Path
) -> None:
    receipt = services.receipts([Event.objects.latest("pk").pk]).popitem()[1]
    with pytest.raises(SystemExit):
        verified(receipt, tmp_path, f"--policy={policy}")
    policy.write_text("quorum nobody\n")
    with pytest.raises(CommandError, match="line 1 of the policy"):
        verified(receipt, tmp_path, f"--policy={policy}")


def test_the_public_page_says_who_signed(policy: Path, olga: Witness) -> None:
    services.ask_witnesses()
    receipt = services.receipts([Event.objects.latest("pk").pk]).popitem()[1]
    page = Client().post("/en/verify/", {"text": str(receipt)}).content.decode()
    assert "as many as our policy requires" in page
    assert "olga (" in page
    forged = str(receipt).replace("— olga ", "— wille ", 1)
    assert olga.verifier.name in str(receipt)
    page = Client().post("/en/verify/", {"text": forged}).content.decode()
    assert "as many as our policy requires" in page  # a line under no key of ours is left out


def test_a_changed_signature_of_a_witness_is_told_on_the_page(policy: Path) -> None:
    services.ask_witnesses()
    receipt = services.receipts([Event.objects.latest("pk").pk]).popitem()[1]
    text = str(receipt).rstrip("\n")
    changed = text[:-6] + ("AAAA==" if text.endswith("==") else "AAAAA=")
    page = Client().post("/en/verify/", {"text": changed + "\n"}).content.decode()
    assert "signature under the head of the log is wrong" in page


def test_without_a_policy_nobody_is_asked(
    keyed: Verifier, record: Record, settings: Settings
) -> None:
    grow(record, 1)
    services.ask_witnesses()
    assert cosigned.note() == ""
    assert services.verify_audit().told == []


def test_a_policy_that_cannot_be_read_is_told(
    policy: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.EVENT_LOG_POLICY = str(tmp_path / "nowhere")
    tasks.ask_witnesses()
    assert [one.kind for one in services.verify_audit().findings] == [Kind.WITNESSES]
