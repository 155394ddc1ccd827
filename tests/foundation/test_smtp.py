"""Mail to a real SMTP server, with TLS and passwords as operators have them."""

import asyncio
import smtplib
import time
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from django.core.exceptions import ImproperlyConfigured
from structlog.testing import capture_logs

from certportal import env
from certportal.foundation import deadline
from certportal.foundation.breaker import Resting
from certportal.foundation.errors import Unavailable
from certportal.foundation.mail import sending
from certportal.foundation.mail.sending import Message, PutOff, Undeliverable, send
from tests.portal.silence import dripping_server, mute_server
from tests.stack import free_port

PASSWORD = "Hyvää yötä, @/:%"
URL = "smtp://sote%C3%A4:Hyv%C3%A4%C3%A4%20y%C3%B6t%C3%A4%2C%20%40%2F%3A%25@127.0.0.1:{port}"
MESSAGE = Message(to="aino@example.fi", subject="Todistus", text="Valmis.", language="fi")


class Kept:
    """Keeps what is sent."""

    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture(params=["PLAIN", "LOGIN"])
def server(request):
    """A server that wants this user and password, by one mechanism."""

    def judge(_server, _session, _envelope, mechanism, given):
        known = LoginPassword("soteä".encode(), PASSWORD.encode())
        right = mechanism == request.param and given == known
        return AuthResult(success=right, handled=False)  # handled: it would answer nothing

    left = {"PLAIN", "LOGIN"} - {request.param}
    controller = Controller(
        Kept(),
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=judge,
        auth_required=True,
        auth_require_tls=False,
        auth_exclude_mechanism=left,
    )
    controller.start()
    yield controller
    controller.stop()


def test_password_with_any_characters_opens_the_server(server, settings, tmp_path):
    url = URL.format(port=server.port)
    settings.MAILERS = {"default": env.mailer(url, tmp_path)}

    send(MESSAGE, item_id="1")

    assert server.handler.mails[0]["Subject"] == "Todistus"


def test_wrong_password_is_ours_to_mend_and_is_told_to_nobody(server, settings, tmp_path):
    url = f"smtp://sote%C3%A4:salainen-arvaus@127.0.0.1:{server.port}"
    settings.MAILERS = {"default": env.mailer(url, tmp_path)}

    with pytest.raises(Unavailable) as told, capture_logs() as logged:
        send(MESSAGE, item_id="1")

    assert isinstance(told.value.__cause__, smtplib.SMTPAuthenticationError)
    assert "salainen-arvaus" not in f"{told.value!r} {told.value.__cause__!r}"
    assert [line["cause"] for line in logged] == ["SMTPAuthenticationError: 535"]


def test_the_log_says_why_the_mail_server_is_not_reached(settings, tmp_path):
    settings.MAILERS = {"default": env.mailer(f"smtp://127.0.0.1:{free_port()}", tmp_path)}
    with pytest.raises(Unavailable), capture_logs() as logged:
        send(MESSAGE, item_id="1")
    (line,) = logged
    assert line["event"] == "mail_server_failed"
    assert line["cause"].endswith("Connection refused")


def test_smtps_speaks_tls_from_the_start_at_port_465():
    options = env.mailer("smtps://mail.example.fi", None)["OPTIONS"]
    assert (options["port"], options["use_ssl"], options["use_tls"]) == (465, True, False)
    assert env.mailer("smtp://mail.example.fi?tls=1", None)["OPTIONS"]["port"] == 25


@pytest.mark.parametrize("query", ["tls=true", "tls=2", "starttls=1", "tls=1&tls_cert=x"])
def test_what_may_have_asked_for_tls_is_not_passed_over(query):
    with pytest.raises(ImproperlyConfigured, match="SMTP_URL: after"):
        env.mailer(f"smtp://a:salainen@mail.example.fi?{query}", None)
    assert not env.mailer("smtp://mail.example.fi?tls=0", None)["OPTIONS"]["use_tls"]


def test_address_of_the_server_comes_from_a_file(monkeypatch, tmp_path):
    file = tmp_path / "smtp_url"
    file.write_text("smtps://a:b@mail.example.fi\n")
    monkeypatch.setenv("SMTP_URL_FILE", str(file))

    assert env.secret("SMTP_URL") == "smtps://a:b@mail.example.fi"


class Moody(Kept):
    """Puts off the mails of one mailbox, after a while; takes all others."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "matti@example.fi":
            await asyncio.sleep(0.2)
            return "452 4.2.2 Mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@pytest.fixture
def moody(settings, tmp_path, monkeypatch):
    """The server of one full mailbox; a fifth of a second counts as slow."""
    controller = Controller(Moody(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.MAILERS = {"default": env.mailer(f"smtp://127.0.0.1:{controller.port}", tmp_path)}
    monkeypatch.setattr(sending.server, "_slow", 0.2)
    yield controller
    controller.stop()


def to(address):
    return Message(to=address, subject="Todistus", text="Valmis.", language="fi")


def test_a_full_mailbox_whose_server_answers_slowly_stops_no_other_mail(moody):
    for _ in range(3):
        with pytest.raises(PutOff) as told:
            send(to("matti@example.fi"), item_id="1")
    assert told.value.mark == sending.mark_of("Matti@example.fi")
    assert "matti" not in told.value.mark
    send(to("maija@example.fi"), item_id="2")
    assert len(moody.handler.mails) == 1


def test_a_server_may_look_at_a_mail_for_as_long_as_a_mail_may_take(moody, settings, monkeypatch):
    """Given up sooner, a mail that was accepted would be sent again and again."""
    limits = []

    def noting(call):
        def noted(connection, *given):
            limits.append(connection.sock.gettimeout())
            return call(connection, *given)

        return noted

    for name in ("data", "quit"):
        monkeypatch.setattr(smtplib.SMTP, name, noting(getattr(smtplib.SMTP, name)))
    send(to("maija@example.fi"), item_id="1")
    assert limits == [None, settings.MAILERS["default"]["OPTIONS"]["timeout"]]


def test_a_server_that_never_answers_costs_one_mail_its_time_limit(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(sending.server, "_slow", 0.2)
    with mute_server() as port:
        mailer = env.mailer(f"smtp://127.0.0.1:{port}", tmp_path)
        mailer["OPTIONS"]["timeout"] = 0.3
        settings.MAILERS = {"default": mailer}
        with pytest.raises(Unavailable) as told:
            send(MESSAGE, item_id="1")
        assert not isinstance(told.value, PutOff | Resting)
        with pytest.raises(Resting):
            send(MESSAGE, item_id="2")


@pytest.mark.parametrize(
    ("url", "begin"),
    [
        ("smtp://127.0.0.1:{port}", b"220 "),
        ("smtps://127.0.0.1:{port}", b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"),
    ],
)
def test_a_server_that_drips_its_greeting_is_given_up(settings, tmp_path, monkeypatch, url, begin):
    monkeypatch.setattr(sending.server, "_slow", 0.2)
    monkeypatch.setattr(sending, "WHOLE_SECONDS", 0.3)
    with dripping_server(begin, b"x") as port:
        settings.MAILERS = {"default": env.mailer(url.format(port=port), tmp_path)}
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            send(MESSAGE, item_id="1")
        assert time.monotonic() - begun < 20
        with pytest.raises(Resting):
            send(MESSAGE, item_id="2")


def test_a_reply_without_end_is_not_kept_in_memory(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(sending, "WHOLE_SECONDS", 5)
    with dripping_server(b"220-my.example.fi\r\n", b"220-and more\r\n" * 1000) as port:
        settings.MAILERS = {"default": env.mailer(f"smtp://127.0.0.1:{port}", tmp_path)}
        with pytest.raises(Unavailable), capture_logs() as logged:
            send(MESSAGE, item_id="1")
    assert logged[0]["cause"].endswith("reply without end")


class Clinging(Kept):
    """Refuses one mailbox, takes all other mails, and drips its reply to QUIT."""

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == "matti@example.fi":
            return "550 5.1.1 No such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        server.transport.write(b"x")
        Limit.reached()
        while not server.transport.is_closing():
            server.transport.write(b"x")
            await asyncio.sleep(0.05)
        return "221 Bye"


class Limit:
    """The timer of a mail's limit; the time is over when a test says so."""

    reached = None
    times = 0

    def __init__(self, _seconds, over):
        self.over = over

    def start(self):
        Limit.reached = self.end

    def end(self):
        Limit.times += 1
        self.over()

    def cancel(self):
        Limit.reached = None


def test_a_reply_counts_though_quit_drips_until_the_connection_is_cut(
    settings, tmp_path, monkeypatch
):
    """The accepted mail is not sent again, the refused one neither; others do not wait."""
    monkeypatch.setattr(sending.server, "_slow", 0)
    monkeypatch.setattr(deadline.threading, "Timer", Limit)
    monkeypatch.setattr(Limit, "times", 0)
    controller = Controller(Clinging(), hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.MAILERS = {"default": env.mailer(f"smtp://127.0.0.1:{controller.port}", tmp_path)}
    try:
        send(to("maija@example.fi"), item_id="1")
        with pytest.raises(Undeliverable):
            send(to("matti@example.fi"), item_id="2")
        send(to("aino@example.fi"), item_id="3")
        assert Limit.times == 3
        assert [mail["To"] for mail in controller.handler.mails] == [
            "maija@example.fi",
            "aino@example.fi",
        ]
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (smtplib.SMTPRecipientsRefused({"aino@example.fi": (450, b"greylisted")}), PutOff),
        (smtplib.SMTPDataError(452, b"mailbox full"), PutOff),
        (smtplib.SMTPRecipientsRefused({"aino@example.fi": (421, b"closing")}), Unavailable),
        (smtplib.SMTPSenderRefused(451, b"try later", "portal@example.fi"), Unavailable),
        (smtplib.SMTPServerDisconnected("gone"), Unavailable),
        (smtplib.SMTPRecipientsRefused({"aino@example.fi": (-1, b"x")}), Unavailable),
        (smtplib.SMTPDataError(45, b""), Unavailable),
    ],
)
def test_only_what_is_said_of_a_mailbox_puts_a_mail_off(monkeypatch, error, kind):
    def refuse(*_args, **_more):
        raise error

    monkeypatch.setattr(sending.EmailMultiAlternatives, "send", refuse)
    with pytest.raises(Unavailable) as told, capture_logs() as logged:
        send(MESSAGE, item_id="1")
    assert type(told.value) is kind
    assert len(logged) == (0 if kind is PutOff else 1)
    assert "example.fi" not in str(logged)
