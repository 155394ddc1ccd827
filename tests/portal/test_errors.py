"""Each kind of failure has its page, its status and its reader's language."""

import errno
import os
from io import BytesIO

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import InterfaceError, OperationalError, ProgrammingError
from django.test import Client, RequestFactory
from psycopg2.errors import InsufficientPrivilege

from certportal.dev.builders import people
from certportal.foundation.errors import NotAllowed, Refused, Stale, TooMany, Unavailable
from certportal.web import errors
from certportal.web.whole_requests import reading_to_the_end

pytestmark = pytest.mark.usefixtures("english")

REFUSALS = [
    (Refused("Choose a unit first."), 400, "Choose a unit first."),
    (NotAllowed("Only managers invite."), 403, "Only managers invite."),
    (Stale("Raimo claimed it."), 409, "Nothing was saved."),
    (TooMany("Wait a minute.", retry_after=42), 429, "Wait a minute."),
]
ORIGIN = "http://testserver/en/csr/"
middleware = errors.ErrorMiddleware(lambda request: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(("raised", "status", "words"), REFUSALS)
def test_refusal_is_shown_in_its_own_words(
    rf: RequestFactory, raised: Refused, status: int, words: str
) -> None:
    """What the service said reaches the reader under the right status."""
    response = middleware.process_exception(rf.post("/en/x/"), raised)
    assert response is not None
    assert response.status_code == status
    assert words in response.content.decode()
    assert str(raised) in response.content.decode()


@pytest.mark.parametrize("place", ["/en/csr/", "/en/feedback/", "/en/orders/new/", "/testidp/x"])
def test_a_body_without_end_is_not_even_read(client: Client, db: None, place: str) -> None:
    """What is larger than any form is refused before a parser keeps it aside, in words."""
    sent = {"data": b"x", "content_type": "multipart/form-data; boundary=x"}
    own = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(place, **sent, headers=own, CONTENT_LENGTH=str(errors.MOST_BYTES + 1))
    assert answer.status_code == 413
    assert "10 M" in answer.content.decode()


@pytest.mark.parametrize("place", ["/en/csr/", "/en/orders/new/", "/en/nowhere/", "/livez"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_no_page_takes_another_method(client: Client, db: None, place: str, method: str) -> None:
    """Nobody's page is read or written by a method that browsers' links and forms do not use."""
    answer = client.generic(method, place)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize(
    ("language", "title", "link"),
    [
        ("fi", "Tälle sivulle ei voi lähettää mitään", "Avaa sivu"),
        ("sv", "Det går inte att skicka något till den här sidan", "Öppna sidan"),
        ("en", "Nothing can be sent to this page", "Open the page"),
    ],
)
def test_what_is_sent_to_a_page_that_only_shows_gets_a_page_in_words(
    client: Client, db: None, language: str, title: str, link: str
) -> None:
    """The way back leads to the page itself, as far as it was chosen in the address."""
    place = f"/{language}/privacy/"
    assert client.get(place).status_code == 200
    answer = client.post(f"{place}?page=1", {"text": "x"})
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert title in answer.text
    assert f'<a class="button" href="{place}?page=1">{link}</a>' in answer.text


def test_a_text_too_large_for_any_field_is_refused_in_words(client: Client, db: None) -> None:
    """A form keeps a million bytes of text at most; files have limits of their own."""
    answer = client.post("/en/csr/", {"text": "x" * 1_100_000}, headers={"referer": ORIGIN})
    assert answer.status_code == 400
    assert "Shorten it, or send it as a file." in answer.content.decode()
    assert f'href="{ORIGIN}"' in answer.content.decode()


def test_what_is_refused_unread_is_read_to_its_end() -> None:
    """Otherwise gunicorn resets the connection, and the proxy shows its own page instead."""
    body = BytesIO(b"x" * 1_100_000)
    refusing = reading_to_the_end(lambda _environ, _start: [b"refused"])
    assert list(refusing({"wsgi.input": body}, print)) == [b"refused"]  # type: ignore[arg-type]
    assert body.read() == b""


def test_a_wrong_host_is_refused_all_the_same(client: Client) -> None:
    """The page for it asks nothing of the request."""
    assert client.get("/en/", HTTP_HOST="elsewhere.example").status_code == 400


@pytest.mark.parametrize("place", ["/en/csr/", "/en/feedback/", "/en/revoke-by-key/"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("a", "did not understand"), ('a"; filename="b', "Pack them in a ZIP archive")],
)
def test_thousands_of_parts_are_refused(
    client: Client, db: None, place: str, name: str, said: str
) -> None:
    """Fields and files are counted before they are looked at."""
    part = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\ny\r\n'
    sent = (part * 10_000).encode() + b"--x--\r\n"
    answer = client.post(place, data=sent, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert said in answer.text


@pytest.mark.parametrize("given", ["", "0", "-1", "many", "²", str(errors.MOST_BYTES)])
def test_other_announcements_are_left_to_the_parser(rf: RequestFactory, given: str) -> None:
    """Django reads no further than the number says, and nothing where it is none."""
    assert errors.announced(rf.post("/", CONTENT_LENGTH=given)) <= errors.MOST_BYTES


def test_too_many_tells_machines_when_to_come_back(rf: RequestFactory) -> None:
    """Retry-After is in seconds."""
    response = middleware.process_exception(rf.get("/"), TooMany("Wait.", retry_after=42))
    assert response is not None
    assert response["Retry-After"] == "42"


def test_words_are_escaped(rf: RequestFactory) -> None:
    """A name in a message cannot become markup."""
    response = middleware.process_exception(rf.get("/"), Refused("<script>x</script>"))
    assert response is not None
    assert b"<script>x" not in response.content


def test_unavailable_needs_no_database_and_hides_the_inside(rf: RequestFactory) -> None:
    """The reader is told to try again, not which device failed."""
    response = middleware.process_exception(rf.get("/"), Unavailable("hsm slot 3"))
    assert response is not None
    assert response.status_code == 503
    assert response["Retry-After"]
    assert b"hsm" not in response.content


def test_unexpected_errors_are_left_to_the_500_page(rf: RequestFactory) -> None:
    """A bug is not worded as a refusal."""
    assert middleware.process_exception(rf.get("/"), ValueError("bug")) is None
    response = errors.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"Everything you had saved before is kept" in response.content


DENIED = ProgrammingError("permission denied for table applications_application")
DENIED.__cause__ = InsufficientPrivilege()  # as Django raises it; grant_roles mends it


@pytest.mark.parametrize("gone", [OperationalError("gone"), InterfaceError("closed"), DENIED])
def test_a_database_that_is_down_is_no_fault_of_the_program(
    monkeypatch: pytest.MonkeyPatch, gone: Exception
) -> None:
    """The reader is told to try again in a minute, as of any other source."""

    def down(self: object, *_: object, **__: object) -> None:
        raise gone

    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", down)
    response = client.get("/en/home/")
    assert response.status_code == 503
    assert response["Retry-After"] == "60"
    assert "Try again in a few minutes." in response.content.decode()
    assert "gone" not in response.content.decode()


@pytest.mark.parametrize(("fault", "status"), [(OperationalError("hangs"), 503), (ValueError, 500)])
def test_what_was_sent_while_something_fails_can_be_copied(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    """Whether it arrived is unknown: a database that hangs may save it when it works again."""

    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", fail)
    client = Client(raise_request_exception=False, headers={"Sec-Fetch-Site": "same-origin"})
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    answer = client.post("/en/feedback/", {"text": "The list is empty.", "code": "8642 1357"})
    assert answer.status_code == status
    assert "What you entered on the last page may be missing" in answer.text
    assert "The list is empty." in answer.text
    assert "8642" not in answer.text
    broken = {"data": b"x", "content_type": "multipart/form-data"}
    assert client.post("/en/feedback/", **broken).status_code == status


def test_a_session_that_cannot_be_saved_is_no_fault_of_the_browser(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is saved last: what the request was about is done, unless the database failed before."""

    def hang(*_: object, **__: object) -> None:
        raise OperationalError("the database does not answer in time")

    client = Client(raise_request_exception=False)
    session = client.session
    session["visited"] = True
    session.save()
    monkeypatch.setattr("django.contrib.sessions.models.Session.save", hang)
    response = client.get("/en/feedback/")
    assert response.status_code == 503
    assert "Try again in a few minutes." in response.text


def test_whoever_logged_out_in_another_window_meanwhile_is_told_so(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the request was about is done by then: to send it again would do it twice."""
    save = Session.save

    def log_out_first(session: Session, *arguments: object, **more: bool) -> None:
        Session.objects.filter(pk=session.pk).delete()
        save(session, *arguments, **more)  # type: ignore[arg-type]

    client = Client(raise_request_exception=False)
    session = client.session
    session["visited"] = True
    session.save()
    monkeypatch.setattr(Session, "save", log_out_first)
    response = client.get("/en/feedback/")
    assert response.status_code == 400
    assert "Your session ended or changed while the service was working," in response.text


def test_a_disk_that_is_full_is_no_fault_of_the_program(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that does not fit into the memory is first kept in a temporary file."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(TemporaryFileUploadHandler, "receive_data_chunk", full)
    client = Client(raise_request_exception=False)
    response = client.post("/en/csr/", {"file": BytesIO(b"x" * 2_000_000)})
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert "Try again in a few minutes." in response.text


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        ("http://testserver/en/orders/", "http://testserver/en/orders/"),
        ("http://testserver/en/orders/?q=apteekki", "http://testserver/en/orders/?q=apteekki"),
        ("http://testserver/en/orders/?q=BEGIN+PRIVATE+KEY", "http://testserver/en/orders/"),
        ("https://evil.example/", ""),
        ("", ""),
    ],
)
def test_way_back_is_never_to_another_site(rf: RequestFactory, referer: str, back: str) -> None:
    """The link leads to the page the reader came from if it is ours, without a private key."""
    assert errors.came_from(rf.get("/", headers={"referer": referer})) == back


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"), [("fi", "Sivua ei löytynyt"), ("sv", "Sidan hittades inte")]
)
def test_missing_page_speaks_the_language_of_its_address(
    client: Client, language: str, words: str
) -> None:
    """The language in the address decides."""
    response = client.get(f"/{language}/nowhere/")
    assert response.status_code == 404
    assert words in response.content.decode()


@pytest.mark.django_db
def test_form_from_another_site_is_refused_in_words() -> None:
    """The page for a failed CSRF check says that nothing was sent."""
    client = Client(enforce_csrf_checks=True)
    response = client.post("/en/account/logout/")
    assert response.status_code == 403
    assert b"Nothing was sent" in response.content


@pytest.mark.parametrize("place", ["/en/csr/", "/en/nowhere/", "/en/feedback/"])
@pytest.mark.parametrize("who", ["visitor", "matti"])
def test_a_form_that_cannot_be_read_is_answered_in_words(request, db, who, place) -> None:
    """The pages of errors have a form of their own, and do not read this one again."""
    client = Client(raise_request_exception=False)
    if who == "matti":
        people.log_in(client, request.getfixturevalue(who))
    of_no_text = "application/x-www-form-urlencoded; charset=utf-16"
    many = "&".join(f"a{number}=1" for number in range(1100))
    for body, kind in (("a=b+c", of_no_text), (many, of_no_text.partition(";")[0])):
        answer = client.post(place, body, content_type=kind)
        assert answer.status_code in {400, 404}, (kind, answer.status_code)
        assert "<h1" in answer.text
