"""Logging out: here first, then at the provider; and from the provider's side."""

import re
from contextlib import closing
from html import unescape
from http.client import HTTPConnection
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from accounts.models import SignOn
from certportal.foundation.models import Event

pytestmark = pytest.mark.django_db(transaction=True)
HOME = "/fi/account/me/"
OUT = "/fi/account/logged-out/"


def leave_here(visitor):
    """Press the button of logging out; return the page that follows."""
    page = visitor.get("/fi/account/email/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]*)"', page.text)
    form = {"csrfmiddlewaretoken": token[1]}
    answer = visitor.session.post(
        f"{visitor.base}/fi/account/logout/", data=form, allow_redirects=False
    )
    assert answer.headers["Location"] == OUT
    return visitor.get(OUT)


def onward(page):
    """Return where the page leads by itself."""
    return unescape(re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text)[1])


def is_in(visitor):
    return "/account/login/" not in visitor.get(HOME).headers.get("Location", "")


def ends(visitor, query=""):
    """Let the provider end its last session; return the answer of our address."""
    idp = urlsplit(visitor.leave())._replace(path="/end", query=query).geturl()
    to = visitor.session.get(idp, allow_redirects=False).headers["Location"]
    return to


def test_logout_ends_the_session_here_before_anybody_is_asked(visitor):
    visitor.log_in("matti")

    page = leave_here(visitor)

    assert not is_in(visitor)
    assert SignOn.objects.get().ended_at is not None
    assert Event.objects.get(action="person.logged_out").actor.startswith("person:")
    assert unescape(onward(page)) in unescape(
        page.text.split("<main")[1]
    )  # without refresh: a link


def test_provider_s_session_is_ended_too(visitor, trusting):
    visitor.log_in("matti")
    session = trusting.knows()["sessions"][-1]

    back = visitor.session.get(onward(leave_here(visitor)), allow_redirects=False)

    assert trusting.knows()["heard"][-1] == f"{session['name_id']} {session['index']}"
    answer = visitor.get(back.headers["Location"])
    assert answer.headers["Location"] == OUT
    assert "refresh" not in visitor.get(OUT).text


def test_answer_to_a_logout_that_is_not_the_provider_s_is_told(visitor):
    visitor.log_in("matti")
    back = visitor.session.get(onward(leave_here(visitor)), allow_redirects=False)

    forged = re.sub("Signature=.", "Signature=", back.headers["Location"])

    assert visitor.get(forged).headers["Location"] == f"{OUT}?partly=1"
    assert visitor.get(f"{OUT}?partly=1").status_code == 200


def test_answer_to_another_logout_is_told(visitor, other):
    visitor.log_in("matti")
    back = visitor.session.get(onward(leave_here(visitor)), allow_redirects=False)

    assert other.get(back.headers["Location"]).headers["Location"].endswith("?partly=1")


def test_provider_ends_the_session_without_its_cookie(visitor, trusting):
    visitor.log_in("matti")
    to = ends(visitor)

    back = requests.get(to, allow_redirects=False)

    assert not is_in(visitor)
    assert Event.objects.filter(action="person.logged_out_by_provider").count() == 1
    assert requests.get(back.headers["Location"]).text.count("status:Success") == 1
    assert trusting.knows()["heard"][-1] == "answered end True"


def test_provider_ends_one_session_and_leaves_the_others(visitor, other):
    visitor.log_in("matti")
    other.log_in("matti")

    requests.get(ends(other), allow_redirects=False)

    assert is_in(visitor)
    assert not is_in(other)


def test_session_that_comes_along_is_gone_at_once(visitor, settings):
    visitor.log_in("matti")
    before = visitor.session.cookies[settings.SESSION_COOKIE_NAME]

    visitor.get(ends(visitor))

    assert visitor.session.cookies.get(settings.SESSION_COOKIE_NAME) != before


@pytest.mark.parametrize("bend", ["issuer", "destination", "unsigned", "tampered"])
def test_nobody_else_ends_a_session(visitor, bend):
    visitor.log_in("matti")

    answer = requests.get(ends(visitor, f"bend={bend}"), allow_redirects=False)

    assert answer.status_code == 400
    assert is_in(visitor)


def test_request_that_is_over_ends_nothing(visitor):
    visitor.log_in("matti")

    assert requests.get(ends(visitor, "bend=over"), allow_redirects=False).status_code == 400
    assert is_in(visitor)


def test_request_may_hold_to_the_end_of_the_calendar(visitor):
    visitor.log_in("matti")

    assert requests.get(ends(visitor, "bend=endless"), allow_redirects=False).status_code == 302
    assert not is_in(visitor)


@pytest.mark.parametrize("name", ["SAMLReques%74", "SAMLRequest"])
def test_one_message_is_not_verified_and_another_one_read(visitor, other, name):
    visitor.log_in("matti")
    other.log_in("matti")
    forged = parse_qs(urlsplit(ends(other, "bend=unsigned")).query)["SAMLRequest"][0]
    first = visitor.leave()
    signed = visitor.session.get(
        urlsplit(first)._replace(path="/end", query="number=0").geturl(), allow_redirects=False
    ).headers["Location"]

    parts = urlsplit(f"{signed}&{name}={quote(forged)}")
    with closing(HTTPConnection(parts.netloc)) as wire:  # requests would write the name plainly
        wire.request("GET", f"{parts.path}?{parts.query}")
        status = wire.getresponse().status

    assert status == 400
    assert is_in(visitor)
    assert is_in(other)


@pytest.mark.parametrize("query", ["SAMLRequest=x", "SAMLRequest=", "SAMLRequest=x&Signature=y"])
def test_message_that_is_none_is_refused(visitor, query):
    assert visitor.get(f"/identification/saml/logout?{query}").status_code == 400


def test_address_without_a_message_is_not_there(visitor):
    assert visitor.get("/identification/saml/logout").status_code == 404


def test_logout_after_the_provider_has_no_address_for_it_ends_here(visitor, trusting, monkeypatch):
    visitor.log_in("matti")
    xml = trusting.metadata.read_text()
    trusting.metadata.write_text(re.sub(r"<[^<]*SingleLogoutService[^>]*/>", "", xml))
    try:
        page = leave_here(visitor)
    finally:
        trusting.metadata.write_text(xml)

    assert "refresh" not in page.text
    assert not is_in(visitor)


def test_message_is_ours_by_signature_and_goes_to_the_provider(visitor):
    visitor.log_in("matti")

    asked = parse_qs(urlsplit(onward(leave_here(visitor))).query)

    assert asked["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    assert asked["Signature"]
