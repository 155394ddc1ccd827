"""The names of order and register beside those of the request."""

import json

from issuance.csr import ExpectedNames, Report, examine
from issuance.findings import RULES, Severity
from tests.issuance.csr.builder import DNS, GOOD, HOST, alt_names, attribute, name, request

ORDER = ExpectedNames("Mallisairaala Oy", dns_names=(HOST,), common_name=HOST)


def differences(data: bytes, expected: ExpectedNames) -> dict[str, object]:
    report = examine(data, expected=expected)
    assert report.accepted
    return {f.rule: f.params.get("value") for f in report.warnings}


def test_equal_names_say_nothing() -> None:
    assert differences(GOOD.der(), ORDER) == {}


def test_capital_letters_in_hosts_are_no_difference() -> None:
    data = request(extensions=(alt_names((DNS, HOST.upper())),))
    assert differences(data, ORDER) == {}


def test_every_difference_is_a_warning_and_never_blocks() -> None:
    subject = name(
        attribute("O", "Mallisairala Oy"),
        attribute("OU", "Tietohallinto"),
        attribute("serialNumber", "1.2.246.10.1"),
        attribute("CN", "toinen.mallisairaala.fi"),
    )
    data = request(subject=subject, extensions=(alt_names((DNS, "toinen.mallisairaala.fi")),))
    expected = ExpectedNames("Mallisairaala Oy", "Apteekki", (HOST,), HOST, "1.2.246.10.2")
    assert differences(data, expected) == {
        "expected.organisation": "Mallisairala Oy",
        "expected.unit": "Tietohallinto",
        "expected.common_name": "toinen.mallisairaala.fi",
        "expected.serial_number": "1.2.246.10.1",
        "expected.missing_host": [HOST],
        "expected.extra_host": ["toinen.mallisairaala.fi"],
    }


def test_names_the_request_does_not_have_are_no_difference() -> None:
    data = request(subject=name(attribute("CN", HOST)), extensions=())
    assert differences(data, ORDER) == {}


def test_characters_that_the_register_has_are_not_held_against_the_request() -> None:
    odd = "Keskusta; apteekki"
    data = request(subject=name(attribute("O", odd), attribute("CN", HOST)))
    assert not examine(data).accepted
    assert examine(data, expected=ExpectedNames(odd)).accepted
    assert not examine(data, expected=ExpectedNames("Keskusta")).accepted


def test_reports_survive_json() -> None:
    for data in (GOOD.der(), b"", b"-----BEGIN PRIVATE KEY-----", request(version=b"\x02\x01\x02")):
        report = examine(data, expected=ORDER)
        stored = json.loads(json.dumps(report.to_json()))
        assert Report.from_json(stored) == report


def test_every_refusal_has_a_class_and_every_rule_a_citation() -> None:
    for rule in RULES.values():
        assert rule.citation
        assert (rule.reason is None) == (
            rule.severity is not Severity.ERROR or rule.id == "key.in_use"
        )
