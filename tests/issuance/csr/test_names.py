"""The subject's values and host names: what is refused, what is only said, what passes."""

import pytest
from django.utils.translation import override

from issuance.csr import examine
from issuance.csr.subject import decoded_rightly, is_personal_code
from issuance.der.write import sequence, tlv
from issuance.wording import word
from tests.issuance.csr.builder import (
    BMP,
    DNS,
    EMAIL,
    HOST,
    IA5,
    IP,
    PRINTABLE,
    TELETEX,
    URI,
    all_rules,
    alt_names,
    attribute,
    errors,
    extension,
    name,
    request,
    rules,
)


def subject(**values: str | bytes) -> bytes:
    """A right name but for the values given."""
    parts = {"C": "FI", "O": "Mallisairaala Oy", "CN": HOST} | values
    return name(*(attribute(label, value) for label, value in parts.items()))


@pytest.mark.parametrize(
    "organisation",
    [
        "Itä-Järven terveyskeskus",
        "Åbo svenska tjänster Ab",
        "Lääkäriasema Äijä & Kumppanit",
        "O'Connor, Inc. (Helsinki) / Vantaa",
        "A" * 64,
        "HUS-yhtymä",
        "Apteekki 24 h: Töölö!",
    ],
)
def test_names_of_organisations_pass(organisation: str) -> None:
    assert errors(subject=subject(O=organisation)) == []


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("", "subject.empty_value"),
        ("   ", "subject.empty_value"),
        ("A" * 65, "subject.length"),
        ("Malli\0sairaala", "subject.invisible"),
        ("Malli\tsairaala", "subject.invisible"),
        ("Malli\r\nX-Header: a", "subject.invisible"),
        ("\x1b[31mMalli", "subject.invisible"),
        ("Malli\x85", "subject.invisible"),
        ("Malli\u202eyO", "subject.invisible"),
        ("Malli\u200bsairaala", "subject.invisible"),
        ("Malli\ufe0fsairaala", "subject.invisible"),
        ("Malli\u3164sairaala", "subject.invisible"),
        ("Malli\U000e0101sairaala", "subject.invisible"),
        ("M\u0300\u0301\u0302alli", "subject.characters"),
        ("\u0301Malli", "subject.characters"),
        ("Mаllisairaala", "subject.characters"),
        ("\ufeffMalli", "subject.invisible"),
        ("Malli\u00a0Oy", "subject.invisible"),
        ("<script>alert(1)</script>", "subject.characters"),
        ("Malli; rm -rf", "subject.characters"),
        ("$(reboot)", "subject.characters"),
        ("`id`", "subject.characters"),
        ("a|b", "subject.characters"),
        ("{{7*7}}", "subject.characters"),
        ("${jndi:ldap}", "subject.characters"),
        ("%s%n", "subject.characters"),
        ("=1+1", "subject.characters"),
        ("@SUM(A1)", "subject.characters"),
        ("-2+3", "subject.characters"),
        ("a\\,b", "subject.characters"),
        ("../../etc/passwd", "subject.characters"),
        ("https://malli.fi", "subject.characters"),
        ("*)(uid=*", "subject.characters"),
        ("Malli \U0001f600", "subject.characters"),
        ("Ｍalli", "subject.characters"),
        ("Malli\ue000", "subject.characters"),
        ("ItÃ¤-JÃ¤rvi", "subject.mojibake"),
        ("Ã\x84ijÃ\x84", "subject.mojibake"),
        ("Itä �", "subject.mojibake"),
        ("Internet Widgits Pty Ltd", "subject.placeholder"),
    ],
)
def test_bad_values_are_refused(value: str, rule: str) -> None:
    assert rule in errors(subject=subject(O=value))


def test_mojibake_names_what_was_meant() -> None:
    assert decoded_rightly("JÃ¤rvi") == "Järvi"
    assert decoded_rightly("Järvi") is None
    assert decoded_rightly("K\x84pyl\x84n \x8eidit") == "Käpylän Äidit"  # Windows' console
    assert decoded_rightly("K\x84pyl\x9fn") is None
    report = examine(request(subject=subject(O="JÃ¤rvenpÃ¤Ã¤")))
    assert report.errors[0].params["wanted"] == "Järvenpää"


def test_letters_of_other_scripts_are_only_said() -> None:
    assert errors(subject=subject(O="Клиника")) == []
    assert "subject.outside_set" in all_rules(subject=subject(O="Šakki"))


@pytest.mark.parametrize("country", ["FIN", "F", "Suomi", "F1"])
def test_countries_are_codes_of_two_letters(country: str) -> None:
    assert "subject.country" in errors(subject=subject(C=country))


@pytest.mark.parametrize("value", ["131052-308T", "010190-123A", "asiakas 080297A915A"])
def test_personal_identity_codes_are_refused_and_not_repeated(value: str) -> None:
    report = examine(request(subject=subject(serialNumber=value)))
    assert "subject.personal_code" in [finding.rule for finding in report.errors]
    assert value not in str([finding.params for finding in report.findings])
    assert report.csr is not None
    assert value not in str(report.csr.subject)


@pytest.mark.parametrize("value", ["1234567-1", "1.2.246.10.12345671.12.1", "991399-123A"])
def test_other_identifiers_are_no_personal_codes(value: str) -> None:
    assert not is_personal_code(value)


def test_attributes_may_not_repeat_or_be_joined() -> None:
    right = [attribute("C", "FI"), attribute("O", "Malli Oy"), attribute("CN", HOST)]
    assert errors(subject=name(*right, attribute("O", "Toinen Oy"))) == ["subject.twice"]
    assert errors(subject=name(*right, attribute("OU", "A"), attribute("OU", "B"))) == []
    joined = sequence(tlv(0x31, attribute("C", "FI")), tlv(0x31, *right[1:]))
    assert errors(subject=joined) == ["subject.joined"]


def test_unknown_attributes_and_too_many_are_refused() -> None:
    assert "subject.unknown" in errors(subject=subject(**{"1.3.6.1.4.1.55555.8": "a"}))
    many = [attribute("OU", f"Osasto {n}") for n in range(1000)]
    assert "subject.too_many" in errors(subject=name(*many))


@pytest.mark.parametrize(
    ("octets", "tag"),
    [
        (b"\xc3\x28", 0x0C),
        (b"\xc0\xaf", 0x0C),
        (b"\xed\xa0\x80", 0x0C),
        ("ä".encode(), IA5),
        (b"\xe4", PRINTABLE),
        (b"abc", BMP),
        (b"abc", 0x1C),
        (b"12a", 0x12),
        (b"", 0x30),
        (b"\x01", 0x04),
    ],
)
def test_octets_must_fit_the_string_type(octets: bytes, tag: int) -> None:
    bad = name(attribute("C", "FI"), attribute("O", octets, tag), attribute("CN", HOST))
    assert errors(subject=bad) == ["subject.string"]


def test_a_unique_identifier_is_bits() -> None:
    bits, text = b"\0\xca\xfe", b"cafe"
    right = name(attribute("O", "Malli"), attribute("2.5.4.45", bits, 3), attribute("CN", HOST))
    wrong = name(attribute("O", "Malli"), attribute("2.5.4.45", text), attribute("CN", HOST))
    report = examine(request(subject=right))
    assert report.accepted
    assert report.csr is not None
    assert report.csr.values("x500UniqueIdentifier") == ["cafe"]
    assert errors(subject=wrong) == ["encoding.attribute"]


@pytest.mark.parametrize(
    ("octets", "tag"), [("Järvi".encode("latin-1"), TELETEX), ("Järvi".encode("utf-16-be"), BMP)]
)
def test_old_string_types_are_read_and_said(octets: bytes, tag: int) -> None:
    old = name(attribute("O", octets, tag), attribute("CN", HOST))
    report = examine(request(subject=old))
    assert report.accepted
    assert report.csr is not None
    assert report.csr.values("O") == ["Järvi"]
    assert "subject.old_string" in [finding.rule for finding in report.warnings]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("kirjaamo@mallisairaala.fi", []),
        ("kirjaamo", ["subject.email"]),
        ("a@b.fi, c@d.fi", ["subject.email"]),
        (".kirjaamo@malli.fi", ["subject.email"]),
        ("kirjaamo.@malli.fi", ["subject.email"]),
        ("kirjaamo@-malli.fi", ["subject.email"]),
        ("matti.o'connor+sote@malli.fi", []),
        ("a@b.fi\nBcc: c@d.fi", ["subject.invisible", "subject.email"]),
    ],
)
def test_mail_addresses_must_be_addresses(address: str, expected: list[str]) -> None:
    assert errors(subject=subject(emailAddress=address)) == expected


def test_mail_addresses_are_refused_for_servers_only() -> None:
    data = request(
        subject=subject(emailAddress="a@malli.fi"),
        extensions=(alt_names((DNS, HOST), (EMAIL, "a@malli.fi")),),
    )
    found = {f.rule for f in examine(data, for_server=True).errors}
    assert found == {"subject.email_in_server", "san.email_in_server"}
    assert examine(data, for_server=False).accepted
    assert examine(data).accepted


def test_names_of_hosts_in_a_system_s_request_are_not_judged_as_a_server_s() -> None:
    unused = ((DNS, "palvelin", []), (DNS, "*.malli.fi", []), (IP, bytes(4), ["san.unused"]))
    for kind, value, told in unused:
        data = request(subject=subject(CN="Todistus"), extensions=(alt_names((kind, value)),))
        assert not examine(data, for_server=True).accepted
        report = examine(data, for_server=False)
        assert report.accepted
        assert [one.rule for one in report.findings if one.rule.startswith("san.")] == told


def test_a_request_without_any_name_is_refused_unless_a_systems_name_is_ordered() -> None:
    nameless = request(subject=name(attribute("O", "Malli Oy")), extensions=())
    assert errors(nameless) == ["subject.missing"]
    assert examine(nameless, for_server=False).accepted
    assert errors(subject=name(), extensions=()) == ["subject.missing"]
    (finding,) = examine(request(subject=name(), extensions=()), for_server=False).errors
    with override("en"):
        assert word(finding).text == "The request names nobody: it has no common name."
    assert errors(subject=name()) == []


@pytest.mark.parametrize(
    ("common_name", "problem"),
    [
        ("resepti mallisairaala.fi", "space"),
        ("resepti.malli.fi ", "space"),
        ("resepti.malli.fi, kanta.malli.fi", "space"),
        ("kanta.malli.fi resepti.malli.fi potilas.malli.fi", "space"),
        ("resepti..malli.fi", "characters"),
        ("2001:db8::1", "ip_address"),
        ("https://resepti.mallisairaala.fi", "url"),
        ("*.mallisairaala.fi", "wildcard"),
        ("palvelin.local", "reserved"),
        ("mаllisairaala.fi", "not_ascii"),
        ("10.0.0.1", "ip_address"),
        ("xn--a-.malli-.fi", "hyphen"),
        ("malli-.fi", "hyphen"),
    ],
)
def test_common_names_that_mean_a_host_are_judged_as_hosts(common_name: str, problem: str) -> None:
    report = examine(request(subject=subject(CN=common_name)))
    [finding] = [f for f in report.errors if f.rule == "subject.host"]
    assert finding.params["problem"] == problem


def test_a_mail_address_as_common_name_is_refused_for_servers_only() -> None:
    data = request(subject=subject(CN="kirjaamo@malli.fi"))
    assert rules(examine(data, for_server=True)) == ["subject.email_in_server"]
    assert examine(data).accepted
    assert examine(data, for_server=False).warnings == []


def test_a_telephone_number_begins_with_a_plus_sign() -> None:
    assert errors(subject=name(attribute("2.5.4.20", "+358 295 536 000"))) == []
    assert errors(subject=name(attribute("2.5.4.20", "+1;id"))) == ["subject.characters"]
    assert errors(subject=name(attribute("2.5.4.13", "<b>"))) == ["subject.characters"]


def test_other_common_names_are_only_said() -> None:
    report = examine(request(subject=subject(CN="Todistuspalvelu_testi")))
    assert report.accepted
    assert [finding.rule for finding in report.warnings] == ["subject.not_host"]
    assert examine(request(subject=subject(CN="Todistuspalvelu")), for_server=False).warnings == []
    assert examine(request(subject=subject(CN="1.2.246.10.1234567.12.1"))).accepted


def test_letters_in_alternative_names_are_shown_as_they_were_meant() -> None:
    for octets in ("päivä.fi".encode(), "päivä.fi".encode("latin-1")):
        report = examine(request(extensions=(alt_names((DNS, octets)),)))
        assert report.errors[0].params["value"] == "päivä.fi"


def test_names_that_no_list_of_top_levels_has_are_only_said() -> None:
    for host in ("palvelin.acme", "www.example.com"):
        report = examine(request(extensions=(alt_names((DNS, host)),)), for_server=True)
        (finding,) = [one for one in report.findings if one.params.get("value") == host]
        assert (finding.rule, finding.severity) == ("san.host", "warning")
        assert report.accepted
        with override("en"):
            assert word(finding).remedy.startswith("You don't need to do anything")


def test_bad_alternative_names_are_refused() -> None:
    assert errors(extensions=(alt_names((DNS, "palvelin.lan")),)) == ["san.host"]
    assert errors(extensions=(alt_names(),)) == ["san.empty"]
    many = alt_names(*((DNS, f"p{n}.malli.fi") for n in range(101)))
    assert errors(extensions=(many,)) == ["san.too_many"]
    garbage = extension("2.5.29.17", b"garbage")
    assert "encoding.extension_value" in errors(extensions=(garbage,))
    assert errors(extensions=(alt_names((IP, bytes(5))),)) == ["encoding.extension_value"]
    assert errors(extensions=(alt_names((0x89, b"a")),)) == ["encoding.extension_value"]


def test_addresses_alone_or_private_are_refused_beside_names_they_are_left_out() -> None:
    public, private = bytes([193, 166, 3, 1]), bytes([10, 0, 0, 1])
    assert errors(extensions=(alt_names((IP, public)),)) == ["san.ip_only"]
    assert errors(extensions=(alt_names((DNS, HOST), (IP, private)),)) == ["san.ip_private"]
    beside = (alt_names((DNS, HOST), (IP, public)),)
    assert errors(extensions=beside) == []
    assert "san.unused" in all_rules(extensions=beside)


@pytest.mark.parametrize(
    "other", [(EMAIL, "a@malli.fi"), (URI, "urn:oid:1.2.246"), (0x88, b"\x2a"), (0xA0, b"")]
)
def test_names_of_other_kinds_are_left_out_and_said(other: tuple[int, str | bytes]) -> None:
    data = request(extensions=(alt_names((DNS, HOST), other),))
    report = examine(data)
    assert report.accepted
    assert report.csr is not None
    assert report.csr.dns_names == [HOST]
    assert "san.unused" in [finding.rule for finding in report.warnings]
