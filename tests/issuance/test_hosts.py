import pytest

from issuance.certificate.hosts import (
    certified_problem,
    host_problem,
    shared_suffix,
    unicode_form,
    with_unicode,
)
from issuance.certificate.names import is_email


@pytest.mark.parametrize(
    "host",
    [
        "potilas.malli.fi",
        "a.fi",
        "POTILAS.malli.FI",
        "xn--pivkoti-5waa.malli.fi",
        "a-1.b-c.malli.fi",
        "xn--strae-oqa.de",
    ],
)
def test_public_host_names_pass(host: str) -> None:
    assert host_problem(host) is None


@pytest.mark.parametrize(
    ("host", "problem"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("päiväkoti.fi", "not_ascii"),
        ("a_b.malli.fi", "underscore"),
        ("https://malli.fi", "url"),
        ("malli.fi/polku", "url"),
        ("malli.fi:443", "port"),
        ("a@malli.fi", "email"),
        ("malli .fi", "space"),
        ("192.168.1.1", "ip_address"),
        ("8.8.8.8", "ip_address"),
        ("2001:db8::1", "ip_address"),
        ("malli.123", "ip_address"),
        ("*.malli.fi", "wildcard"),
        ("a*.malli.fi", "wildcard"),
        ("*", "wildcard"),
        (".malli.fi", "leading_dot"),
        ("malli.fi.", "trailing_dot"),
        ("a..malli.fi", "characters"),
        ("mal%00li.fi", "characters"),
        ("malli\r\n.fi", "characters"),
        ("a\0b.fi", "characters"),
        ("-a.malli.fi", "hyphen"),
        ("a-.malli.fi", "hyphen"),
        ("a" * 64 + ".malli.fi", "label_length"),
        (".".join(["a" * 60] * 5) + ".fi", "length"),
        ("palvelin", "single_label"),
        ("localhost", "reserved"),
        ("kanta.local", "reserved"),
        ("kanta.lan", "reserved"),
        ("kanta.test", "special_use"),
        ("kanta.example", "special_use"),
        ("kanta.workgroup", "reserved"),
        ("abc.onion", "special_use"),
        ("1.0.10.in-addr.arpa", "special_use"),
        ("kanta.alt", "special_use"),
        ("kanta.internal", "reserved"),
        ("kanta.home.arpa", "reserved"),
        ("localhost.localdomain", "reserved"),
        ("www.example.com", "documentation"),
        ("kanta.acme", "unknown_top"),
        ("aland.fi", "public_suffix"),
        ("co.uk", "public_suffix"),
        ("github.io", "shared_suffix"),
        ("GitHub.io", "shared_suffix"),
        ("herokuapp.com", "shared_suffix"),
        ("kapsi.fi", "shared_suffix"),
        ("eu-1.compute.amazonaws.com", "shared_suffix"),
        ("xn--zzzzzzzz.fi", "punycode"),
        ("ab--cd.fi", "punycode"),
        ("xn--a.example", "punycode"),
        ("xn--ppple-o0d.fi", "punycode"),
        ("xn--appl-y4d.fi", "mixed_script"),
        ("xn--pteekki-kbd.fi", "mixed_script"),
        ("xn--fiqs8s.fi", "foreign_script"),
        ("xn--80ak6aa92e.com", "foreign_script"),
    ],
)
def test_other_host_names_are_refused_each_with_its_reason(host: str, problem: str) -> None:
    assert host_problem(host) == problem


@pytest.mark.parametrize(
    ("host", "ending"),
    [
        ("apteekki.github.io", "github.io"),
        ("a.b.kapsi.fi", "kapsi.fi"),
        ("Apteekki.HerokuApp.com", "herokuapp.com"),
        ("apteekki.malli.fi", None),
        ("apteekki.co.uk", None),
    ],
)
def test_below_a_shared_ending_a_name_may_be_certified_and_the_ending_is_told(
    host: str, ending: str | None
) -> None:
    assert host_problem(host) is None
    assert shared_suffix(host) == ending


def test_a_mailbox_may_be_at_a_shared_ending_but_not_at_one_of_a_registry() -> None:
    assert is_email("apteekki@iki.fi")
    assert not is_email("apteekki@aland.fi")
    assert not is_email("apteekki@IKI.fi")


def test_capitals_do_not_go_into_a_certificate() -> None:
    assert host_problem("Kanta.malli.fi") is None
    assert certified_problem("Kanta.malli.fi") == "characters"


def test_the_unicode_form_stands_behind_the_name() -> None:
    assert (
        with_unicode("xn--pivkoti-5waa.malli.fi")
        == "xn--pivkoti-5waa.malli.fi (pääivkoti.malli.fi)"
    )
    assert with_unicode("XN--PIVKOTI-5WAA.fi").endswith("(pääivkoti.fi)")
    assert with_unicode("kanta.malli.fi") == "kanta.malli.fi"
    assert unicode_form("xn--80ak6aa92e.com") == "аррӏе.com"


@pytest.mark.parametrize("name", ["xn--a.fi", "xn--", "xn--\u202e.fi", "xn--99999999999.fi", ""])
def test_what_is_no_valid_encoding_is_shown_as_it_is(name: str) -> None:
    assert with_unicode(name) == name
