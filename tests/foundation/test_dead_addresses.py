"""Only the last address of a host, or of its name servers, answers, as where IPv6 leads nowhere."""

import ctypes
import socket
from contextlib import ExitStack, contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Handler

from certportal import env
from certportal.foundation import outgoing
from certportal.foundation.files.scanning.clamd import Clamd
from certportal.foundation.mail import sending
from tests.portal.silence import dripping_server
from tests.stack import free_port

HOST = "palvelu.example.fi"
SECONDS = 0.7
"""The limit of connecting. Six dead addresses would have it six times, beyond every limit here."""
LIMIT = 3.0


@contextmanager
def dead_address():
    """An address where every attempt to connect hangs: the queue of its listener is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as queue:
        for _ in range(3):
            queued = queue.enter_context(socket.socket())
            queued.setblocking(False)
            queued.connect_ex(listener.getsockname())
        yield listener.getsockname()


@pytest.fixture
def host(monkeypatch):
    """A host with six dead addresses before the one at the port that is asked for."""
    known = socket.getaddrinfo
    with ExitStack() as held:
        dead = [held.enter_context(dead_address()) for _ in range(6)]

        def addresses(host, port, *args, **more):
            if host != HOST:
                return known(host, port, *args, **more)
            kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
            return [(*kind, place) for place in [*dead, ("127.0.0.1", port)]]

        monkeypatch.setattr(socket, "getaddrinfo", addresses)
        yield HOST


def test_a_request_reaches_the_address_that_answers_within_its_limit(host):
    with dripping_server(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nValmis", b"") as port:
        address = f"http://{host}:{port}/"
        reply = outgoing.exchange(
            "GET", address, timeout=(SECONDS, 2), whole_seconds=LIMIT, most_bytes=100
        )
    assert reply.body == b"Valmis"


def test_a_name_server_that_does_not_answer_is_left_after_a_second():
    library = ctypes.CDLL("libc.so.6")
    library["__res_init"]()
    state = library["__res_state"]
    state.restype = ctypes.POINTER(ctypes.c_int)
    seconds, tries = state()[:2]
    assert (seconds, tries) == (1, 2)


class Kept(Handler):
    """Keeps the mail that is sent."""

    def handle_message(self, message):
        self.mail = message


def test_a_mail_reaches_the_address_that_answers_within_its_limit(host, settings, monkeypatch):
    monkeypatch.setattr(sending, "WHOLE_SECONDS", LIMIT)
    controller = Controller(Kept(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.MAILERS = {"default": env.mailer(f"smtp://{host}:{controller.port}", None)}
    settings.MAILERS["default"]["OPTIONS"]["timeout"] = SECONDS
    mail = sending.Message(to="aino@example.fi", subject="Todistus", text="Valmis.", language="fi")
    try:
        sending.send(mail, item_id="1")
    finally:
        controller.stop()
    assert controller.handler.mail["Subject"] == "Todistus"


def test_the_virus_scanner_is_reached_at_the_address_that_answers(host):
    with dripping_server(b"stream: OK\0", b"") as port:
        assert Clamd(address=f"tcp://{host}:{port}", seconds=LIMIT).scan(b"%PDF") == ""
