"""Every answer tells browsers what they may do: pages, files, refusals and redirects alike."""

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from tests.portal.inline import Inline, places

PUBLIC = ["/", "/fi/", "/sv/csr/", "/fi/account/login/", "/fi/nowhere/", "/nowhere", "/livez"]
PUBLIC += ["/static/portal/app.js", "/robots.txt", "/testidp/jwks", "/fi/register/"]


CSP = {
    "default-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    *[f"{kind}-src 'self'" for kind in ["script", "style", "img", "font", "connect", "frame"]],
    "form-action 'self'",
}


@pytest.fixture
def answers(matti, riitta, sofia, cas):
    """An answer of each page that people see: visitors, applicants, reviewers, superusers."""
    order, case = orders.delivered(matti, riitta), orders.claimed(matti, riitta)
    found = [Client().get(place) for place in PUBLIC]
    for person, of in ((matti, order), (riitta, case), (sofia, order)):
        client = people.log_in(Client(), person)
        found += [client.get(place) for place in places(of, console=person == riitta)]
    for one in found:
        one.close()
    assert len({one.request["PATH_INFO"] for one in found if one.status_code == 200}) > 60
    return found


HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy-Report-Only": None,
    "Server": None,
    "X-Powered-By": None,
}


def test_every_answer_carries_each_header_and_no_page_needs_an_exception(answers):
    for one in answers:
        place, headers = one.request["PATH_INFO"], one.headers
        policy = {part.strip() for part in headers["Content-Security-Policy"].split(";")}
        assert policy == CSP, place
        rules = dict(rule.split("=", 1) for rule in headers["Permissions-Policy"].split(", "))
        assert {rules[name] for name in ("camera", "geolocation", "microphone", "usb")} == {"()"}
        assert set(rules.values()) == {"()", "(self)"}, place
        # A file is no page: the policy's frame-ancestors is all that speaks of framing it.
        expected = HEADERS | ({"X-Frame-Options": None} if is_file(one) else {})
        assert {name: headers.get(name) for name in expected} == expected, place
        if headers["Content-Type"].startswith("text/html"):
            assert Inline(one.text).found == [], place
            assert headers["Content-Type"] == "text/html; charset=utf-8", place
        if one.wsgi_request.COOKIES:
            assert {"private", "no-store"} <= set(headers["Cache-Control"].split(", ")), place


def is_file(answer):
    return answer.request["PATH_INFO"].startswith("/static/")


def test_the_session_and_the_form_token_are_the_only_cookies_and_no_script_reads_them(matti):
    client = people.log_in(Client(), matti)
    organisation = matti.memberships.get().organisation_id
    client.post(reverse("accounts:choose"), {"organisation": organisation})
    client.get(reverse("accounts:profile"))
    own = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    assert set(client.cookies) <= own
    fresh = [client.cookies[name] for name in client.cookies if client.cookies[name]["path"]]
    assert fresh
    for cookie in fresh:
        assert (cookie["httponly"], cookie["samesite"], cookie["domain"]) == (True, "Lax", "")
