"""The personal identity code goes to the service, and nowhere else."""

import logging
import traceback

import pytest

from accounts.identification.oidc import discovery
from accounts.identification.testidp import persons
from accounts.mandates.protocol import visited
from accounts.models import Person
from certportal.dev.builders import people
from certportal.foundation import clock
from certportal.foundation.errors import Unavailable
from tests.accounts.mandates.conftest import HETU, PAGE, STATED
from tests.accounts.saml.conftest import (
    provider_process as provider_process,
    trusting as trusting,
    visitor as visitor,
)
from tests.everywhere import whole_database, whole_redis
from tests.portal.silence import dripping_server

pytestmark = pytest.mark.django_db(transaction=True)
ODD_HEAD = (
    b"HTTP/1.1 200 OK\r\n: \r\nno header\r\nContent-Length: 5\r\nConnection: close\r\n\r\n12345"
)
WAYS = {
    "answers": {},
    "down": {"register": (503, HETU.encode())},
    "gives it back": {"register": (200, f'{{"sessionId": "{HETU}", "userId": "u"}}'.encode())},
    "is odd": {"register": (200, f"{HETU} is unknown".encode())},
}


def found(text):
    """Which forms of the code stand in the text."""
    return [
        form for form in (HETU, HETU.replace("-", ""), HETU.replace("-", "%2D")) if form in text
    ]


@pytest.fixture
def everything_said(capture_logs):
    """The log, with even the libraries talking."""
    root, before = logging.getLogger(), logging.getLogger().level
    root.setLevel(logging.DEBUG)
    yield capture_logs
    root.setLevel(before)


@pytest.mark.parametrize("way", WAYS)
def test_it_leaves_no_trace(founder, valtuudet, everything_said, way):
    valtuudet.instead |= WAYS[way]
    page = founder.set_out()
    if way == "answers":
        founder.visit()
        founder.found()

    assert any(HETU in path for path in valtuudet.heard)
    assert found("".join(everything_said)) == []
    assert found(page.text) == []
    assert found(whole_database()) == []
    assert found(whole_redis()) == []


@pytest.mark.parametrize("said", [ODD_HEAD, b"", b"nonsense\r\n\r\n"], ids=repr)
def test_an_error_names_nobody(valtuudet, everything_said, settings, said):
    """Libraries' errors and warnings name the address, which holds the code."""
    with dripping_server(said, b"", pause=0.01) as port:
        options = valtuudet.options | {"url": f"http://127.0.0.1:{port}"}
        settings.MANDATES = settings.MANDATES | {"OPTIONS": options}
        refusal = refused()
    assert found("".join(traceback.format_exception(refusal))) == []
    assert refusal.__context__ is None or not found(str(refusal.__context__))
    assert found("".join(everything_said)) == []


def test_a_service_that_is_stopped_names_nobody_either(valtuudet, everything_said, settings):
    options = valtuudet.options | {"url": "http://127.0.0.1:9"}
    settings.MANDATES = settings.MANDATES | {"OPTIONS": options}
    refusal = refused()
    assert found("".join(traceback.format_exception(refusal))) == []
    assert found("".join(everything_said)) == []


def refused():
    with pytest.raises(Unavailable) as told:
        visited().introduce(HETU)
    return told.value


def test_other_services_are_still_heard_in_the_log(everything_said):
    with pytest.raises(Unavailable):
        discovery.get_json("http://127.0.0.1:9/.well-known/openid-configuration")
    assert "127.0.0.1:9" in "".join(everything_said)


def test_over_saml_only_the_answer_to_such_a_request_tells_the_service(
    valtuudet, visitor, sample, everything_said
):
    """The answer is read without a session; its signed reference to our request says what for."""
    visitor.log_in("matti")
    assert valtuudet.heard == []

    address = visitor.get("/fi/account/email/")
    assert address.status_code == 200
    verify("Matti Juhani Meikäläinen")
    press(visitor)
    onward = visitor.get(f"/fi{PAGE[3:]}mandates/go/").headers["Location"]
    place, posted = visitor.press(onward, "matti")
    back = visitor.bring(place, posted)
    page = visitor.get(back.headers["Location"])

    assert f"{valtuudet.base}/oauth/authorize" in page.text
    heard = [path for path in valtuudet.heard if persons.find("matti").code in path]
    assert len(heard) == 1
    assert found("".join(everything_said)) == []
    assert found(whole_database()) == []

    visitor.bring(place, posted)  # a second time: refused, and the service hears nothing of it
    assert [path for path in valtuudet.heard if persons.find("matti").code in path] == heard


def verify(name):
    (person,) = [one for one in Person.objects.all() if str(one) == name]
    people.verify(person, "matti@example.fi", now=clock.now())


def press(visitor):
    address = f"{visitor.base}/fi{PAGE[3:]}"
    page = visitor.session.get(address)
    token = page.text.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    data = {"visit": "1", "csrfmiddlewaretoken": token} | STATED
    assert visitor.session.post(address, data=data, allow_redirects=False).status_code == 302
