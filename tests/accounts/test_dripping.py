"""An identity provider or register that drips: each read is in time, the whole would never end."""

import threading
import time
from contextlib import ExitStack

import pytest

from accounts.identification.identity import NotIdentified
from accounts.identification.oidc import discovery
from accounts.identification.oidc.discovery import exchanges
from accounts.register.source.transport import SourceFault, Transport
from certportal.foundation import alarms, outgoing
from certportal.foundation.breaker import Resting
from certportal.foundation.errors import Unavailable
from tests.alarms import sounds
from tests.portal.silence import dripping_server

HEAD = (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")
BODY = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n", b" ")
ENDLESS = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{}", b" ")
# A TLS record of a handshake (RFC 8446, 5.1), announced with 16 KiB.
HANDSHAKE = (b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x00")
WAYS = [
    pytest.param("http", HEAD, id="head"),
    pytest.param("http", BODY, id="body"),
    pytest.param("http", ENDLESS, id="body-without-length"),
    pytest.param("https", HANDSHAKE, id="handshake"),
]


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Limits of fractions of a second."""
    monkeypatch.setattr(exchanges, "whole_seconds", 0.5)
    monkeypatch.setattr(exchanges.breaker, "_slow", 0.3)


@pytest.mark.parametrize(("scheme", "said"), WAYS)
def test_a_provider_that_drips_is_given_up_and_not_asked_by_the_next(scheme, said):
    with dripping_server(*said) as port:
        address = f"{scheme}://127.0.0.1:{port}/.well-known/openid-configuration"
        begun = time.monotonic()
        with pytest.raises(Unavailable) as told:
            discovery.get_json(address)
        assert time.monotonic() - begun < 3
        assert not isinstance(told.value, Resting)
        assert sounds("identification")
        with pytest.raises(Resting):
            discovery.post_form(address, {"code": "x"})


@pytest.mark.parametrize(("scheme", "said"), WAYS)
def test_a_register_that_drips_is_given_up(scheme, said):
    transport = Transport(timeout=5, whole_timeout=0.5, attempts=1)
    with dripping_server(*said) as port:
        begun = time.monotonic()
        with pytest.raises(SourceFault, match="after 1 tries"):
            transport.get(f"{scheme}://127.0.0.1:{port}/csapi/v6/")
        assert time.monotonic() - begun < 3


def test_a_service_that_answers_again_is_no_longer_silent():
    with pytest.raises(Unavailable), alarms.of_silence("identification"):
        raise Unavailable
    assert sounds("identification")
    with alarms.of_silence("identification"):
        pass
    assert not sounds("identification")


def answering(status):
    """What a server says that answers with this status and an empty object."""
    head = f"HTTP/1.1 {status} Said\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    return dripping_server(head.encode() + b"{}", b"")


@pytest.fixture
def patient(monkeypatch):
    """Time enough for a provider that answers."""
    monkeypatch.setattr(exchanges, "whole_seconds", 5)
    monkeypatch.setattr(exchanges, "patient_seconds", 10)


@pytest.mark.usefixtures("patient")
def test_a_provider_that_only_tells_of_its_faults_counts_as_silent():
    with answering(503) as port:
        for ask in (discovery.get_json, lambda address: discovery.post_form(address, {})):
            alarms.clear("identification")
            with pytest.raises(Unavailable):
                ask(f"http://127.0.0.1:{port}/")
            assert sounds("identification")
    with answering(400) as port, pytest.raises(NotIdentified):
        discovery.post_form(f"http://127.0.0.1:{port}/", {"code": "x"})
    assert not sounds("identification")


@pytest.mark.usefixtures("patient")
def test_an_answer_without_end_is_not_read(monkeypatch):
    monkeypatch.setattr(exchanges, "most_bytes", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    with dripping_server(head, b" " * 5000, pause=0.001) as port, pytest.raises(Unavailable):
        discovery.get_json(f"http://127.0.0.1:{port}/")
    assert sounds("identification")


@pytest.mark.usefixtures("patient")
def test_behind_a_lagging_provider_only_the_end_of_a_login_waits(monkeypatch):
    """A third login at once is served; a fourth is told to come again, which is no alarm."""
    monkeypatch.setattr(outgoing, "LAGGING_SECONDS", 0)
    with answering(200) as port, ExitStack() as held:
        address = f"http://127.0.0.1:{port}/"
        for _ in range(2):
            held.enter_context(exchanges.turn())
        assert discovery.get_json(address) == {}
        held.enter_context(exchanges.turn())
        begun = time.monotonic()
        with pytest.raises(Resting):
            discovery.get_json(address)
        assert time.monotonic() - begun < 5
        assert not sounds("identification")
        end = threading.Timer(0.3, held.close)
        end.start()
        with exchanges.patiently():
            assert discovery.post_form(address, {"code": "x"}) == {}
        end.join()


@pytest.mark.usefixtures("patient")
def test_redis_is_told_seldom_and_only_after_the_turn(monkeypatch):
    """One that hangs takes a second, in which no turn may be held."""
    held = []
    monkeypatch.setattr(alarms, "_cleared_at", {})
    monkeypatch.setattr(alarms, "clear", lambda *_names: held.append([*exchanges.begun]))
    with answering(200) as port:
        for _ in range(3):
            discovery.get_json(f"http://127.0.0.1:{port}/")
    assert held == [[]]
