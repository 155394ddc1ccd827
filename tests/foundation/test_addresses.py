"""Who asks: a proxy is believed when it is ours, a visitor's own header never."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from certportal.foundation import system_checks
from certportal.foundation.web.addresses import ForwardedScheme, address_of

PROXY, VISITOR, INVENTED = "10.0.0.5", "203.0.113.9", "198.51.100.1"


@pytest.fixture(autouse=True)
def proxies(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/24", "2001:db8:1::5"]


def ask(peer, *forwarded):
    headers = {"HTTP_X_FORWARDED_FOR": ", ".join(forwarded)} if forwarded else {}
    return address_of(RequestFactory().get("/", REMOTE_ADDR=peer, **headers))


def test_a_trusted_proxy_speaks_for_the_visitor():
    assert ask(PROXY, VISITOR) == VISITOR
    assert ask("2001:db8:1::5", VISITOR) == VISITOR
    assert ask(f"::ffff:{PROXY}", VISITOR) == VISITOR


def test_what_the_visitor_wrote_stands_further_left_and_is_not_believed():
    assert ask(PROXY, INVENTED, VISITOR) == VISITOR


def test_a_chain_of_own_proxies_is_followed_to_the_first_stranger():
    assert ask(PROXY, INVENTED, VISITOR, "10.0.0.6") == VISITOR


def test_a_stranger_is_not_believed():
    assert ask(VISITOR, INVENTED) == VISITOR


def test_with_no_trusted_proxy_nobody_is_believed(settings):
    settings.TRUSTED_PROXIES = []
    assert ask(PROXY, VISITOR) == PROXY


@pytest.mark.parametrize("nonsense", ["unknown", "", "203.0.113.9:1234", "<script>"])
def test_what_is_no_address_leaves_the_proxys_own(nonsense):
    assert ask(PROXY, nonsense) == PROXY


def test_a_proxy_that_forwards_for_nobody_is_the_visitor():
    assert ask(PROXY) == PROXY
    assert ask("") == ""


def test_a_socket_file_is_believed_where_it_is_named(settings):
    assert ask("", VISITOR) == ""
    settings.TRUSTED_PROXIES = ["unix", "10.0.0.0/24"]
    assert ask("", VISITOR) == VISITOR
    assert ask("", INVENTED, VISITOR, PROXY) == VISITOR
    assert ask("", "nonsense") == ask("") == ""
    assert ask(VISITOR, INVENTED) == VISITOR


@pytest.mark.parametrize(
    ("peer", "named", "believed"),
    [
        (PROXY, ["10.0.0.0/24"], True),
        (VISITOR, ["10.0.0.0/24"], False),
        ("127.0.0.1", ["10.0.0.0/24"], False),
        (PROXY, [], False),
        ("", ["10.0.0.0/24"], False),
        ("", ["unix"], True),
        (PROXY, ["unix"], False),
        ("nonsense", ["unix"], False),
    ],
)
def test_only_a_trusted_peer_is_believed_about_https(settings, peer, named, believed):
    settings.TRUSTED_PROXIES = named
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_PROTO="https")
    assert ForwardedScheme(lambda request: HttpResponse(request.scheme))(request).content == (
        b"https" if believed else b"http"
    )


@pytest.mark.parametrize(
    ("named", "faults"),
    [
        (["10.0.0.5", "2001:db8::/32", "unix"], 0),
        (["10.0.0.5/24"], 1),
        (["proxy.example.fi"], 1),
        (["0.0.0.0/0", "::/0"], 2),
    ],
)
def test_what_is_trusted_must_be_addresses_and_not_the_whole_world(settings, named, faults):
    settings.TRUSTED_PROXIES = named
    assert len(system_checks.proxies_can_be_read()) == faults


def test_production_names_its_proxies(settings):
    settings.PRODUCTION, settings.TRUSTED_PROXIES = True, []
    assert [one.id for one in system_checks.visitors_are_told_apart()] == ["foundation.E001"]
    settings.TRUSTED_PROXIES = [PROXY]
    assert system_checks.visitors_are_told_apart() == []
