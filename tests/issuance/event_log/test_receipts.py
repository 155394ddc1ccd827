"""The receipt of an event: made of the log, and checked with the log's public key alone."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import translation

from certportal.celery import app
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.event_log.notes import Signer, Verifier
from certportal.foundation.event_log.receipts import BadReceipt, Fault, Receipt
from certportal.foundation.models import Event
from issuance import services
from issuance.publication import ask_receipts, repository
from issuance.services.event_log import build, places
from tests.issuance.event_log.conftest import Record, insert, log_files
from tests.logged import NAME, answer_at_once
from tests.tables import unkept

pytestmark = pytest.mark.django_db(transaction=True)

type Told = Callable[..., str]


@pytest.fixture
def events(keyed: Verifier, record: Record, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """More events than a tile has, in the log; web gets its answers."""
    answer_at_once(monkeypatch)
    made = [record(number, serial=f"{number:X}") for number in range(300)]
    build.extend_wholly()
    return made


def receipt_of(event: Event) -> Receipt:
    return services.receipts([event.pk])[event.pk]


def fault_of(receipt: Receipt, verifier: Verifier) -> Fault:
    with pytest.raises(BadReceipt) as caught:
        Receipt.parse(str(receipt).encode()).check(verifier)
    return caught.value.fault


def test_every_event_has_a_receipt_that_the_key_alone_confirms(
    events: list[Event], keyed: Verifier
) -> None:
    found = services.receipts([event.pk for event in events])
    assert sorted(found) == [event.pk for event in events]
    for event in events:
        told = Receipt.parse(str(found[event.pk]).encode())
        head = told.check(Verifier.parse(str(keyed)))
        assert told.event["id"] == event.pk
        assert told.event["data"] == {"serial": event.data["serial"]}
        assert (head.origin, head.size) == (NAME, 300)


def test_it_is_written_as_others_read_it(events: list[Event], keyed: Verifier) -> None:
    """The lines of https://c2sp.org/tlog-proof, and the checkpoint as the log has it."""
    made = receipt_of(events[5])
    proof, note = str(made).split("\n\n", 1)
    first, extra, index, *hashes = proof.split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    assert base64.b64decode(extra.removeprefix("extra ")) == made.entry
    assert index == "index 5"
    assert [len(base64.b64decode(each)) for each in hashes] == [32] * 9
    assert note == log_files().note()
    assert Receipt.parse(str(made).replace("\n", "\r\n").encode()) == made


def test_an_event_recorded_just_now_has_one_too(events: list[Event], record: Record) -> None:
    assert receipt_of(record(300)).index == 300


def test_what_was_changed_proves_nothing(events: list[Event], keyed: Verifier) -> None:
    made, other = receipt_of(events[3]), receipt_of(events[4])
    forged = made.entry.replace(b'"serial":"3"', b'"serial":"4"')
    assert forged != made.entry
    assert fault_of(replace(made, entry=forged), keyed) == Fault.PROOF
    assert fault_of(replace(made, index=4), keyed) == Fault.PROOF
    assert fault_of(replace(made, index=10**15), keyed) == Fault.PROOF
    assert fault_of(replace(made, proof=other.proof), keyed) == Fault.PROOF
    assert fault_of(replace(made, proof=made.proof[:-1]), keyed) == Fault.PROOF
    assert fault_of(replace(made, note=made.note.replace("\n300\n", "\n301\n")), keyed) == (
        Fault.SIGNATURE
    )


def test_another_key_proves_nothing(events: list[Event], keyed: Verifier) -> None:
    """Neither of another log, nor of one that has taken this log's name."""
    made = receipt_of(events[3])
    for name, fault in (("x.example.fi/events", Fault.OTHER_LOG), (NAME, Fault.SIGNATURE)):
        other = Signer(name, Ed25519PrivateKey.generate())
        assert fault_of(made, other.verifier) == fault
        body, _gap, _signatures = made.note.rpartition("\n\n")
        again = replace(made, note=other.sign(f"{body}\n"))
        assert fault_of(again, keyed) == Fault.SIGNATURE


def test_what_is_no_receipt_is_told_so(events: list[Event]) -> None:
    made = str(receipt_of(events[0])).encode()
    broken = [b"", b"\xff", b"x", made[:-1] + b"\xff", made.replace(b"index 0", b"index 00")]
    broken += [made.replace(b"extra ", b"extra ?"), made.replace(b"@v1", b"@v2"), made * 200]
    broken.append(made.replace(b"\nindex", b"\nextra YQ==\nindex"))
    for content in broken:
        with pytest.raises(BadReceipt, match="form"):
            Receipt.parse(content)


def test_an_event_whose_transaction_lasted_long_is_found(
    events: list[Event],
    keyed: Verifier,
    record: Record,
    other: BaseDatabaseWrapper,
    now: datetime,
) -> None:
    """Its number is lower than those of the events before it in the log."""
    other.set_autocommit(False)
    late = insert(other, now)
    later = [record(each) for each in range(700)]
    build.extend_wholly()
    other.commit()
    build.extend_wholly()
    wanted = [late, later[0].pk, later[-1].pk, events[0].pk]
    found = places.places([*wanted, 10**17]).places
    assert [found[number].index for number in wanted] == [1000, 300, 999, 0]
    assert 10**17 not in found


def test_an_event_changed_in_the_database_gets_none(events: list[Event]) -> None:
    with unkept():
        Event.objects.filter(pk=events[7].pk).update(actor="person:nobody")
    with pytest.raises(LogUnavailable, match="is not what was logged"):
        receipt_of(events[7])
    assert receipt_of(events[8]).index == 8


def test_a_worker_that_says_nothing_or_nonsense_is_unavailable(
    events: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty, listed = b'{"note": "x", "places": {"1": []}}', b'{"note": "x", "places": []}'
    infinite = b'{"note": "x", "places": {"1": [1e400]}}'
    for answer in (None, b"", b"[]", b"{}", empty, listed, infinite, b"[" * 100_000):
        monkeypatch.setattr(
            "issuance.publication.ask_worker.exchange", lambda *_, said=answer, **__: said
        )
        with pytest.raises(LogUnavailable):
            receipt_of(events[0])


def test_without_a_published_key_there_are_none(events: list[Event]) -> None:
    repository.log_key_path().unlink()
    with pytest.raises(LogUnavailable, match="no key"):
        receipt_of(events[0])


def test_a_question_has_the_form_that_web_gives_it(keyed: Verifier) -> None:
    good: dict[str, object] = {"numbers": "1,2", "reply_to": f"receipts-answer:{'0' * 32}"}
    assert ask_receipts.read(**good) == ([1, 2], good["reply_to"])
    many = ",".join(["1"] * (ask_receipts.MOST + 1))
    changes: list[Mapping[str, object]] = [
        *({"numbers": numbers} for numbers in ("", "1,", "-1", "x", 7, None, "9" * 19, many)),
        *({"reply_to": place} for place in ("celery", None, f"ocsp-answer:{'0' * 32}")),
    ]
    for changed in changes:
        with pytest.raises(ValueError, match="form of a question"):
            app.tasks["issuance.answer_receipts"].run(**(good | dict(changed)))


# ------------------------------------------------------------------ the command


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """What the command prints of a receipt, by the published key or another."""

    def check(receipt: Receipt, *more: str) -> str:
        path = tmp_path / "x.tlog-proof"
        path.write_text(str(receipt))
        with translation.override("en"):
            call_command("verify_receipt", str(path), *more)
        return capsys.readouterr().out

    return check


def test_the_command_says_what_is_proved(
    events: list[Event], keyed: Verifier, told: Told, tmp_path: Path
) -> None:
    made = receipt_of(events[10])
    said = told(made)
    assert "What happened: Feedback was given" in said
    assert f"({made.event['at']})" in said
    assert "Who did it: The service (test)" in said
    assert "Serial number (hexadecimal): A" in said
    assert "Number 11 of 300" in said
    assert f"Key: {keyed}" in said
    (tmp_path / "given.vkey").write_text(f"{keyed}\n")
    repository.log_key_path().unlink()
    assert told(made, "--verifier", str(keyed)) == said
    assert told(made, "--verifier", str(tmp_path / "given.vkey")) == said
    with pytest.raises(CommandError, match="--verifier"):
        told(made)


def test_the_command_says_what_is_wrong(events: list[Event], told: Told) -> None:
    made = receipt_of(events[10])
    forged = replace(made, entry=made.entry.replace(b"feedback.given", b"person.erased!"))
    with pytest.raises(CommandError, match="was changed"):
        told(forged)
    with pytest.raises(CommandError, match="another log"):
        told(made, "--verifier", str(Signer("x", Ed25519PrivateKey.generate()).verifier))
    with pytest.raises(CommandError, match="log's key"):
        told(made, "--verifier", "nonsense")
