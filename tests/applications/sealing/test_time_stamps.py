"""Papers with a time stamp of another service beside the seal."""

from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.serialization import Encoding

from applications.documents.time_stamps import breaker
from applications.models import Paper
from certportal.dev.builders import orders
from certportal.foundation.models import OutboxItem
from tests import seals
from tests.applications.sealing.signing import sign
from tests.doubles import time_stamps
from tests.journeys.steps import await_true

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def time(order, settings, tmp_path):
    """The operator's time stamp service."""
    with time_stamps.serving(tmp_path) as service:
        settings.TIME_STAMPS = {"url": service.url, "roots": str(service.roots)}
        breaker.reset()
        yield service


def problems(now) -> list[str]:
    """Try once more what waits; return why it still does."""
    OutboxItem.objects.filter(done_at=None).update(due_at=now)
    orders.drain()
    return [item.problem for item in OutboxItem.objects.filter(done_at=None)]


def test_where_there_is_a_time_stamp_service_the_paper_outlives_its_seal(
    time, prepared, seal, now, tmp_path: Path
):
    """PAdES B-LT: a stamp over the signature, and all that either is verified with."""
    sign(prepared, now)
    orders.drain()
    pdf = Paper.objects.get().file.read()
    assert "Signature is Valid" in seals.by_poppler(pdf, seal.root, tmp_path)
    status = seals.by_pyhanko(pdf, seal.root, time.root)
    assert status.bottom_line, status.summary()
    assert status.timestamp_validity and status.timestamp_validity.trusted


def test_while_the_time_stamp_service_is_away_the_paper_waits(time, prepared, now):
    time.answers = False
    sign(prepared, now)
    orders.drain()
    assert Paper.objects.get().made_at is None
    time.answers = True
    assert problems(now) == []
    assert Paper.objects.get().made_at is not None


def test_a_service_that_sends_a_byte_at_a_time_is_cut_off_and_left_alone(
    time, prepared, now, monkeypatch
):
    """The next that waits does not hold its worker for as long: it is tried again later."""
    monkeypatch.setattr("applications.documents.time_stamps.SECONDS", 1.0)
    monkeypatch.setattr(breaker, "_slow", 0.5)
    sign(prepared, now)
    for path in ("/stamp", "/list.crl"):
        breaker.reset()
        time.slow, time.was_cut = path, False
        assert problems(now) == ["Unavailable"]
        assert problems(now) == ["Resting"]
        await_true(lambda: time.was_cut, f"the worker waits for {path}")
    assert Paper.objects.get().made_at is None


def test_whatever_else_the_service_answers_the_paper_waits_for_a_stamp(time, prepared, now):
    refusal = tsp.PKIStatusInfo({"status": "rejection"}).dump()
    large = bytes(11 * 1024 * 1024)
    sign(prepared, now)
    for answer in (b"", b"busy", b"\x30\x03abc", b"\x30" + bytes([len(refusal)]) + refusal, large):
        time.answer = answer
        assert problems(now) == ["Unavailable"], answer[:20]


def test_a_stamp_of_another_service_is_not_taken(time, prepared, seal, settings, now):
    time.roots.write_bytes(seal.root.public_bytes(Encoding.PEM))
    sign(prepared, now)
    orders.drain()
    assert Paper.objects.get().made_at is None
