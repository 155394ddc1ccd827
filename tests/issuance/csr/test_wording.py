"""Every finding is worded, with the value found, and with what to do."""

import pytest
from django.utils import translation

from issuance.certificate.hosts import host_problem
from issuance.csr import examine
from issuance.findings import RULES, Finding, Severity, found
from issuance.wording import SENTENCES, word
from tests.issuance.csr.builder import DNS, alt_names, request

VALUES = dict.fromkeys(("value", "wanted", "attribute", "offset", "problem"), "x1")


def is_worded(rule: str) -> bool:
    finding = found(rule, **VALUES, characters=["U+0000"])
    if rule in ("san.host", "subject.host"):
        finding = found(rule, value="x1", problem="underscore")
    worded = word(finding)
    is_sentence = worded.text.endswith(".") and "%(" not in worded.text
    return bool(worded.title and worded.remedy and is_sentence)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_rule_has_words_and_a_remedy(language: str) -> None:
    with translation.override(language):
        assert [rule for rule in RULES if not is_worded(rule)] == []


@pytest.mark.parametrize("key", [key for key in SENTENCES if key.startswith("host:")])
def test_every_fault_of_a_host_has_its_own_sentence(key: str) -> None:
    worded = word(found("san.host", value="a_b.fi", problem=key.partition(":")[2]))
    assert worded.severity is Severity.ERROR
    assert worded.text != word(found("san.host", value="a_b.fi", problem="other")).text


def test_the_value_found_is_named() -> None:
    data = request(extensions=(alt_names((DNS, "kanta.lan"), (DNS, "a_b.fi")),))
    texts = [word(finding).text for finding in examine(data).errors]
    assert "kanta.lan" in texts[0]
    assert "a_b.fi" in texts[1]
    assert host_problem("kanta.lan") == "reserved"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_windows_makes_to_renew_is_told_with_what_to_choose_there(language: str) -> None:
    """Its first line says BEGIN NEW CERTIFICATE REQUEST, as that of a request does."""
    finding = found("file.other_type", value="PKCS#7")
    with translation.override(language):
        worded = word(finding)
    assert "Windows" in worded.text
    assert "Create Certificate Request" in worded.remedy and "certreq" in worded.remedy


def test_a_weak_hash_is_told_with_the_setting_of_each_tool() -> None:
    remedy = word(found("signature.weak", value="SHA-1", wanted="SHA-256")).remedy
    for setting in ("-sha256", "SHA256withRSA", "HashAlgorithm=SHA256"):
        assert setting in remedy


def test_a_rule_of_another_time_is_still_named() -> None:
    worded = word(Finding("old.rule", Severity.ERROR, {"detail": "something"}))
    assert "old.rule" in worded.text
    assert "something" in worded.text
