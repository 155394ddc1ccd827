"""The structure of the request: DER, version, attributes and extensions."""

from dataclasses import replace

import pytest

from issuance.csr import examine
from issuance.der import read as reader
from issuance.der.write import integer, sequence, tlv
from tests.issuance.csr.builder import (
    DNS,
    GOOD,
    HOST,
    all_rules,
    alt_names,
    errors,
    extension,
    extension_request,
    oid,
    request,
)

DER = GOOD.der()
PARTS = [element.encoded for element in reader.read(DER).children()]
SAN = alt_names((DNS, HOST))


def test_a_right_request_has_no_finding_at_all() -> None:
    assert all_rules(DER) == []


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (DER[:-1], "truncated"),
        (DER + b"\0\0", "trailing"),
        (sequence(*PARTS, tlv(0x05)), "structure"),
        (sequence(*PARTS[:2]), "structure"),
        (b"\x30\x80" + DER[4:] + b"\0\0", "indefinite"),
        (b"\x30\x83\x00" + DER[2:], "length"),
        (b"\x30\x84\xff\xff\xff\xff" + DER[4:], "truncated"),
        (b"\x30\x88" + b"\xff" * 8 + DER[4:], "truncated"),
        (b"\x31" + DER[1:], "structure"),
        (b"\x30\x03\x02\x01\x00", "structure"),
        (b"\x30\x82\x01\x00" + bytes(256), "tag"),
    ],
)
def test_what_is_not_der_is_refused_with_the_place(data: bytes, problem: str) -> None:
    report = examine(data)
    assert report.reasons == ["bad-encoding"]
    assert report.errors[0].params["problem"] == problem
    assert report.csr is None


@pytest.mark.parametrize("number", [1, 2, 99, 1 << 4000])
def test_other_versions_are_refused(number: int) -> None:
    assert "encoding.version" in errors(version=integer(number))


def test_negative_and_foreign_versions_are_refused() -> None:
    assert errors(version=b"\x02\x01\xff") == ["encoding.version"]
    assert errors(version=tlv(0x04, b"\0")) == ["encoding.der"]


def test_deep_nesting_and_long_oids_are_refused_in_good_time() -> None:
    deep = b""
    for _ in range(300):
        deep = sequence(deep)
    attribute = sequence(oid("1.2.3.4"), tlv(0x31, deep))
    assert errors(attributes=(attribute,)) == ["encoding.der"]
    long = tlv(0x06, b"\x2a" + b"\xff" * 20_000 + b"\x01")
    assert errors(attributes=(sequence(long, tlv(0x31)),)) == ["encoding.der"]
    assert errors(b"\x30\x80" * 30_000) == ["encoding.der"]


@pytest.mark.parametrize(
    "bad",
    [
        tlv(0x01, b"\x01"),
        tlv(0x01),
        tlv(0x02),
        tlv(0x02, b"\0\0"),
        tlv(0x02, b"\xff\xff"),
        tlv(0x03),
        tlv(0x03, b"\x08\0"),
        tlv(0x05, b"\0"),
        tlv(0x06),
        tlv(0x06, b"\x80\x01"),
        tlv(0x06, b"\x81"),
        tlv(0x24, tlv(0x04, b"a")),
        b"\x1f\xff\xff\xff\xff\xff\x00",
    ],
)
def test_each_type_has_one_encoding_only(bad: bytes) -> None:
    assert errors(attributes=(sequence(oid("1.2.3.4"), tlv(0x31, bad)),)) == ["encoding.der"]


def test_high_tag_numbers_are_read() -> None:
    value = b"\x1f\x2a\x01a"
    assert errors(attributes=(sequence(oid("1.2.3.4"), tlv(0x31, value)),)) == []


@pytest.mark.parametrize("attribute", [sequence(), sequence(oid("1.2.3")), tlv(0x05)])
def test_attributes_have_a_type_and_a_set_of_values(attribute: bytes) -> None:
    assert errors(attributes=(attribute,)) == ["encoding.der"]


def test_missing_attributes_are_refused() -> None:
    info = GOOD.info()
    content = reader.read(info).children()
    short = sequence(*(child.encoded for child in content[:3]))
    bits = tlv(0x03, b"\0", GOOD.sign(short))
    algorithm = reader.read(DER).children()[1].encoded
    assert errors(sequence(short, algorithm, bits)) == ["encoding.der"]


def test_extensions_are_asked_for_once_and_each_once() -> None:
    asking = extension_request(SAN)
    assert errors(attributes=(asking, asking)) == [
        "encoding.request_twice",
        "encoding.extension_twice",
    ]
    assert errors(extensions=(SAN, SAN)) == ["encoding.extension_twice"]
    two = sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31, sequence(SAN), sequence()))
    assert errors(attributes=(two,)) == ["encoding.request_twice"]


def test_microsofts_door_leads_to_the_same_room() -> None:
    authority = extension("2.5.29.19", sequence(tlv(0x01, b"\xff")))
    asking = extension_request(authority, dotted="1.3.6.1.4.1.311.2.1.14")
    assert errors(attributes=(asking,)) == ["extension.ca"]


def test_harmless_departures_are_said_and_passed() -> None:
    none = sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31))
    assert all_rules(attributes=(none,)) == ["encoding.lax"]
    written = extension("2.5.29.17", reader.read(SAN).children()[1].content, critical=b"\1\1\0")
    assert all_rules(extensions=(written,)) == ["encoding.lax"]
    unsorted = (extension_request(SAN), sequence(oid("1.2.3.4"), tlv(0x31)))
    assert "encoding.lax" in all_rules(attributes=tuple(sorted(unsorted, reverse=True)))


def usage(octet: int, unused: int = 0) -> bytes:
    return extension("2.5.29.15", tlv(0x03, bytes([unused, octet])), critical=True)


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (extension("2.5.29.19", sequence(tlv(0x01, b"\xff"))), "CA:TRUE"),
        (extension("2.5.29.19", sequence(tlv(0x01, b"\xff"), integer(0))), "CA:TRUE"),
        (usage(0x04, 2), "keyCertSign"),
        (usage(0x02, 1), "cRLSign"),
        (usage(0x86, 1), "keyCertSign, cRLSign"),
    ],
)
def test_the_powers_of_a_ca_are_refused(asked: bytes, value: str) -> None:
    report = examine(request(extensions=(SAN, asked)))
    assert report.reasons == ["forbidden-extension"]
    assert report.errors[0].params["value"] == value


def test_unknown_critical_extensions_are_refused_others_left_out() -> None:
    critical = extension("1.3.6.1.4.1.55555.1", b"a", critical=True)
    assert errors(extensions=(SAN, critical)) == ["extension.critical"]
    plain = extension("1.3.6.1.4.1.55555.1", b"a")
    assert all_rules(extensions=(SAN, plain)) == ["extension.ignored"]


def test_a_key_identifier_is_in_every_certificate_and_no_reason_to_warn() -> None:
    report = examine(request(extensions=(SAN, extension("2.5.29.14", b"\x04\0"))))
    assert report.warnings == []
    assert [finding.rule for finding in report.findings] == ["extension.profile"]


@pytest.mark.parametrize("dotted", ["2.5.29.32", "2.5.29.30", "1.3.6.1.5.5.7.1.1"])
def test_what_the_profile_decides_is_left_out_and_said(dotted: str) -> None:
    report = examine(request(extensions=(SAN, extension(dotted, b"\x04\0"))))
    assert report.accepted
    assert report.csr is not None
    assert report.csr.requested_extensions[1].use == "ignored"
    assert [finding.rule for finding in report.warnings] == ["extension.ignored"]


def purposes(*dotted: str) -> bytes:
    return extension("2.5.29.37", sequence(*map(oid, dotted)))


def test_purposes_of_servers_and_clients_are_used_others_ignored() -> None:
    server, client = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"
    report = examine(request(extensions=(SAN, usage(0xA0, 5), purposes(server, client))))
    assert report.csr is not None
    assert report.warnings == []
    uses = {shown.label: (shown.use, shown.value_text) for shown in report.csr.requested_extensions}
    assert uses["extendedKeyUsage"] == ("used", "serverAuth, clientAuth")
    assert uses["keyUsage"] == ("used", "digitalSignature, keyEncipherment")
    ignored = all_rules(extensions=(SAN, purposes(server, "1.3.6.1.5.5.7.3.9")))
    assert ignored == ["extension.ignored"]


@pytest.mark.parametrize(
    "asked",
    [
        extension("2.5.29.15", b"\x03\0"),
        extension("2.5.29.15", b"\x03\x02\x09\x80"),
        extension("2.5.29.19", sequence(sequence(tlv(0x01, b"\xff")))),
        extension("2.5.29.19", sequence(integer(0), tlv(0x01, b"\xff"))),
    ],
)
def test_extensions_follow_their_own_syntax(asked: bytes) -> None:
    assert errors(extensions=(SAN, asked)) == ["encoding.extension_value"]


def test_the_list_of_extensions_is_a_sequence() -> None:
    asked = sequence(oid("1.2.840.113549.1.9.14"), tlv(0x31, tlv(0x31, SAN)))
    assert errors(attributes=(asked,)) == ["encoding.der"]


def test_a_flood_of_attributes_does_not_flood_the_report() -> None:
    many = tuple(sequence(oid(f"1.2.3.{n}"), tlv(0x31)) for n in range(1500))
    report = examine(request(attributes=tuple(sorted(many))))
    assert report.csr is not None
    assert len(report.findings) == len(report.csr.requested_extensions) == 100


@pytest.mark.parametrize("dotted", ["2.5.29.15", "2.5.29.19", "2.5.29.37"])
def test_extensions_that_cannot_be_read_are_refused(dotted: str) -> None:
    for garbage in (b"", b"garbage", tlv(0x04, b"\0")):
        data = request(extensions=(SAN, extension(dotted, garbage)))
        assert errors(data) == ["encoding.extension_value"]


def test_passwords_in_attributes_are_named_but_not_shown() -> None:
    secret = sequence(oid("1.2.840.113549.1.9.7"), tlv(0x31, tlv(0x0C, b"salasana1")))
    attributes = tuple(sorted((extension_request(SAN), secret)))
    report = examine(replace(GOOD, attributes=attributes).der())
    assert report.accepted
    assert "attribute.ignored" in [finding.rule for finding in report.findings]
    assert report.csr is not None
    shown = [entry.value_text for entry in report.csr.requested_extensions]
    assert "salasana1" not in str([shown, report.findings])
