"""Mail: headers nobody can inject into, attachments byte for byte, a stable Message-ID."""

import smtplib
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest

from certportal.foundation.errors import Unavailable
from certportal.foundation.mail import sending
from certportal.foundation.mail.sending import File, Message, Undeliverable
from tests.foundation.mail_rules import faults


@pytest.fixture
def directory(settings, tmp_path):
    backend = "certportal.foundation.mail.eml_files.EmlBackend"
    options = {"directory": str(tmp_path)}
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    return tmp_path


def send(**more):
    fields = {"to": "matti@example.fi", "subject": "Hei", "text": "Teksti\n", "language": "fi"}
    sending.send(Message(**(fields | more)), item_id="item-1")


def sent(directory):
    (path,) = directory.glob("*.eml")
    return message_from_bytes(path.read_bytes(), policy=policy.default)


def test_message_id_comes_from_the_item_so_that_a_second_try_is_the_same_mail(directory):
    send()
    assert sent(directory)["Message-ID"] == "<item-1@portal.example>"
    assert sent(directory)["Auto-Submitted"] == "auto-generated"


def test_a_mail_of_a_thread_names_it_so_that_mail_programs_show_its_mails_together(directory):
    send(thread="SV-2026-00001")
    assert sent(directory)["References"] == "<SV-2026-00001@portal.example>"


@pytest.mark.parametrize(
    "evil", ["Hei\r\nBcc: x@example.com", "Hei\nX: y", "Hei\x0bX", "Hei\u2028X"]
)
def test_line_breaks_never_reach_a_header(directory, evil):
    send(subject=evil)
    assert sent(directory)["Bcc"] is None
    assert sent(directory)["Subject"].startswith("Hei ")
    assert sent(directory)["To"] == "matti@example.fi"


def test_no_character_turns_the_words_of_a_subject_round(directory):
    """Names that were stored before they were cleaned as they came."""
    send(subject="Vahvista: \u202eMatti\u2069 Meikäläinen\x1b")
    assert sent(directory)["Subject"] == "Vahvista: Matti Meikäläinen"


@pytest.mark.parametrize("hidden", ["A=0D=0ABcc:_x@example.com", "=00", "=E2=80=AE", "A"])
def test_an_encoded_word_in_a_name_is_read_as_it_was_typed(directory, hidden):
    """Decoded, it would bring back what was removed, or keep the mail from being written."""
    subject = f"Tilaus on vastaanotettu: =?utf-8?q?{hidden}?= (9900001-8)"
    send(subject=subject)
    assert sent(directory)["Subject"] == subject
    assert sent(directory)["Bcc"] is None


def test_finnish_letters_survive(directory):
    send(subject="Järvirannan äänestys", text="Šemeikan öljyä\n")
    assert sent(directory)["Subject"] == "Järvirannan äänestys"
    for kind in ("plain", "html"):
        assert "Šemeikan öljyä" in sent(directory).get_body((kind,)).get_content()


@pytest.mark.parametrize(
    "name", ["Helsingin VI apteekki", "Töölön apteekki", "Apteekki" + " apteekki" * 12]
)
def test_a_long_subject_begins_on_its_first_line(directory, name):
    subject = f"Oikeus toimia organisaation {name} puolesta on vahvistettu"
    send(subject=subject)
    (path,) = directory.glob("*.eml")
    (head,) = [line for line in path.read_bytes().split(b"\r\n") if line.startswith(b"Subject:")]
    assert head.startswith((b"Subject: Oikeus toimia ", b"Subject: =?utf-8?q?Oikeus_toimia_"))
    assert len(head) <= 78
    assert sent(directory)["Subject"] == subject


@pytest.mark.parametrize(
    "words",
    [
        "Rätten att företräda Turun II apteekki har bekräftats",
        "Oikeus toimia organisaation Länsi-Uudenmaan hyvinvointialue puolesta päättyy huomenna",
        "Certificate of vastaanotto-lansi-uudenmaan-hyvinvointialue expires in 30 days",
    ],
)
def test_encoded_words_are_read_as_they_were_written(directory, settings, words):
    """RFC 2047, 2: there is white space between two of them, and no line is longer than 76."""
    settings.DEFAULT_FROM_EMAIL = f"{words} <varmenteet@portal.example>"
    send(subject=words)
    (path,) = directory.glob("*.eml")
    assert sent(directory)["Subject"] == words
    head = path.read_bytes().partition(b"\r\n\r\n")[0]
    sender = message_from_bytes(head, policy=policy.compat32)["From"]
    read = " ".join(str(make_header(decode_header(sender))).split())
    assert read == f"{words} <varmenteet@portal.example>"
    assert b"?==?" not in head
    assert max(len(line) for line in head.split(b"\r\n")) <= 78


def test_the_text_comes_first_and_as_it_was_written(directory):
    text = "Hei <Matti> & Maija,\n\n* äänestys\n" + "pitkä rivi " * 200 + "\n"
    send(text=text)
    mail = sent(directory)
    assert mail.get_content_type() == "multipart/alternative"
    plain, page = mail.iter_parts()
    written = plain.get_content().replace("\r\n", "\n")  # how lines end in mail
    assert (plain.get_content_type(), written) == ("text/plain", text)
    assert page.get_content_type() == "text/html"
    assert list(faults(page.get_content(), "Hei", text, "fi")) == []


def test_a_very_long_mail_is_text_alone(directory):
    send(text="Perustelu\n" * 12_000)
    assert sent(directory).get_content_type() == "text/plain"


def test_attachments_arrive_byte_for_byte(directory):
    content = b"-----BEGIN X-----\nabc\n-----END X-----\n"
    send(
        files=(
            File("a.pem", content, "application/x-pem-file"),
            File("b.der", b"\x00\xff\r\n", "application/pkix-cert"),
        )
    )
    parts = list(sent(directory).iter_attachments())
    assert [part.get_filename() for part in parts] == ["a.pem", "b.der"]
    assert [part.get_payload(decode=True) for part in parts] == [content, b"\x00\xff\r\n"]


def test_a_server_that_is_down_is_unavailable_and_tried_again(settings):
    settings.MAILERS = {"default": {"OPTIONS": {"host": "127.0.0.1", "port": 1, "timeout": 1}}}
    with pytest.raises(Unavailable):
        send()


@pytest.fixture
def answers(monkeypatch, directory):
    """Let the mail server answer with this error."""

    def answer(error):
        def refuse(*_args, **_more):
            raise error

        monkeypatch.setattr(sending.EmailMultiAlternatives, "send", refuse)

    return answer


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"matti@example.fi": (550, b"no such user")}),
        smtplib.SMTPSenderRefused(552, b"too big", "portal@example.fi"),
        smtplib.SMTPDataError(554, b"not wanted"),
    ],
)
def test_a_mail_refused_for_good_is_not_tried_again(answers, error):
    answers(error)
    with pytest.raises(Undeliverable):
        send()


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"matti@example.fi": (450, b"greylisted")}),
        smtplib.SMTPDataError(451, b"busy"),
        smtplib.SMTPServerDisconnected("gone"),
        # Our own password or address is wrong: no mail may be lost for that.
        smtplib.SMTPAuthenticationError(535, b"who are you"),
        smtplib.SMTPConnectError(554, b"no service"),
        smtplib.SMTPSenderRefused(530, b"first say who you are", "portal@example.fi"),
        smtplib.SMTPResponseException(502, b"no STARTTLS"),
        # So smtplib tells of a line that is too long.
        smtplib.SMTPResponseException(500, b"Line too long."),
    ],
)
def test_a_mail_refused_for_now_is_tried_again(answers, error):
    answers(error)
    with pytest.raises(Unavailable):
        send()


def test_mails_come_back_to_the_return_path_and_are_answered_to_the_sender(settings, mailoutbox):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    settings.MAIL_RETURN_PATH = "palautukset@portal.example"
    send()
    (mail,) = mailoutbox
    assert mail.from_email == "palautukset@portal.example"
    assert mail.message()["From"] == settings.DEFAULT_FROM_EMAIL
