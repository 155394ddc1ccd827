"""Every backend of the seam finds the test file, passes what is clean, and can fail to answer."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from certportal import env
from certportal.dev.builders.documents import pdf
from certportal.foundation.breaker import Breaker, Resting
from certportal.foundation.errors import Unavailable
from certportal.foundation.files.scanning import clamd as client
from certportal.foundation.files.scanning.clamd import CHUNK, Clamd
from certportal.foundation.files.scanning.protocol import NoScanner
from certportal.operations import health
from tests.applications.scanning import daemon
from tests.doubles.scanner import EICAR, InMemory


@pytest.fixture(params=["memory", "clamd"])
def scanner(request):
    if request.param == "memory":
        return InMemory()
    return Clamd(address=request.getfixturevalue("clamd"))


def test_the_test_file_is_found(scanner):
    assert "eicar" in scanner.scan(EICAR).lower()


@pytest.mark.parametrize("before", [1, CHUNK - 20, 3 * CHUNK])
def test_wherever_it_lies(scanner, before):
    assert scanner.scan(os.urandom(before) + EICAR + os.urandom(99))


@pytest.mark.parametrize("data", [b"", b"x", pdf(), bytes(CHUNK), bytes(10 * 1024 * 1024)])
def test_what_is_clean_passes(scanner, data):
    assert scanner.scan(data) == ""


def test_one_after_another(scanner):
    assert [bool(scanner.scan(one)) for one in (pdf(), EICAR, pdf())] == [False, True, False]


@pytest.mark.parametrize(
    ("answer", "found"),
    [("stream: OK", ""), ("stream: Win.Test.EICAR_HDB-1 FOUND", "Win.Test.EICAR_HDB-1")],
)
def test_over_the_network_the_answer_is_read_alike(answer, found):
    with daemon.answering(answer) as address:
        assert Clamd(address=address).scan(pdf()) == found


@pytest.mark.parametrize(
    "answer",
    [
        *["", "INSTREAM size limit exceeded. ERROR", "stream: FOUND", "OK"],
        *["stream: OK, x FOUND y", "stream: OK\n", "stream: \u202ex FOUND", "stream: a\0b FOUND"],
    ],
)
def test_an_answer_that_says_neither_is_no_answer(answer):
    with daemon.answering(answer) as address, pytest.raises(Unavailable):
        Clamd(address=address).scan(pdf())


@pytest.mark.parametrize("answer", ["stream: OK", "stream: Eicar FOUND"])
def test_an_answer_that_was_cut_short_is_no_answer(answer):
    with daemon.answering(answer, end="") as address, pytest.raises(Unavailable):
        Clamd(address=address).scan(pdf())


def test_an_answer_that_drips_for_longer_than_a_scan_may_take_is_none():
    """Its octets come within a second each, and the last of them after three."""
    with daemon.answering("stream: OK", pause=0.3) as address, pytest.raises(Unavailable):
        Clamd(address=address, seconds=1).scan(pdf())


def test_more_than_clamd_takes_is_no_answer(clamd):
    with pytest.raises(Unavailable):
        Clamd(address=clamd).scan(bytes(daemon.MOST + 1))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:/nowhere/clamd.ctl"])
def test_nobody_there(address):
    with pytest.raises(Unavailable):
        Clamd(address=address, seconds=1).scan(pdf())


def refusal(scanner):
    with pytest.raises(Unavailable) as told:
        scanner.scan(b"")
    return str(told.value), type(told.value)


def test_a_silent_scanner_holds_two_threads_of_a_process_and_then_none(monkeypatch):
    monkeypatch.setattr(client, "breaker", Breaker("virus scanner", pause=20, slow=0.5))
    monkeypatch.setattr(client, "TURN_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor(4) as threads:
        scanner = Clamd(address=f"tcp://127.0.0.1:{silent.getsockname()[1]}", seconds=1.5)
        told = sorted(threads.map(refusal, [scanner] * 4), key=str)
        waited = "virus scanner", Unavailable
        turned_away = "virus scanner: others wait for it", Resting
        assert told == [waited] * 2 + [turned_away] * 2
        assert refusal(scanner) == ("virus scanner", Resting)


def test_health_learns_within_the_time_of_a_probe_that_it_is_silent(monkeypatch, settings):
    monkeypatch.setattr(client, "breaker", Breaker("virus scanner", pause=20, slow=3))
    monkeypatch.setattr(client, "ASKED_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("CLAMD_ADDRESS", address)
        settings.SCANNER = env.scanner("CLAMD_ADDRESS")
        begun = time.monotonic()
        assert not health.is_well(health.scanner)
        assert time.monotonic() - begun < Clamd(address=address).seconds / 2


def test_without_a_scanner_nothing_is_found():
    assert NoScanner().scan(EICAR) == ""
