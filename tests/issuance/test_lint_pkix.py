import inspect
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import document
from pkilint.loader import load_certificate
from pkilint.pkix import general_name
from pyasn1.codec.der.encoder import encode

from issuance.authority import build
from issuance.certificate.lint_pkix import pkix_rules
from issuance.certificate.lint_remembered import ByType, decoding_once, remember
from issuance.certificate.profiles import PROFILES
from tests.issuance.plans import plan

EVERY = 5
"""Of so many octets one is damaged, each in a copy of its own."""
plain_decode = inspect.unwrap(document.decode_der)
plain_judge = inspect.unwrap(general_name.validators_predicate)


def found(rules: Any, der: bytes) -> list[tuple[Any, ...]]:
    results = rules.validate(load_certificate(der, "certificate").root)
    return [(each.validator.name, each.node.path, each.finding_descriptions) for each in results]


@pytest.mark.parametrize("kind", ["RSA-2048", "P-384"])
def test_the_findings_are_those_of_pkilint_in_their_order(kind: str) -> None:
    plain, sorted_ = pkix_rules(), ByType(pkix_rules())
    planned = [plan(profile, kind) for profile in PROFILES]
    ders = [build.specimen(each).public_bytes(Encoding.DER) for each in planned]
    ders.append(planned[0].issuer.certificate.public_bytes(Encoding.DER))
    for der in ders:
        assert found(sorted_, der) == found(plain, der)


def test_a_damaged_certificate_has_the_same_faults() -> None:
    plain, sorted_ = pkix_rules(), ByType(pkix_rules())
    der = build.specimen(plan()).public_bytes(Encoding.DER)
    faulty = 0
    for at in range(0, len(der), EVERY):
        damaged = der[:at] + bytes([der[at] ^ 1]) + der[at + 1 :]
        try:
            wanted = found(plain, damaged)
        except ValueError:  # no certificate any more
            continue
        assert found(sorted_, damaged) == wanted
        faulty += any(each.finding.severity < 2 for _, _, these in wanted for each in these)
    assert faulty > 20


def specimen(profile: str = "server", kind: str = "P-256") -> bytes:
    return build.specimen(plan(profile, kind)).public_bytes(Encoding.DER)


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "decode_der", plain_decode)
    monkeypatch.setattr(general_name, "validators_predicate", plain_judge)


def faults(der: bytes) -> list[tuple[Any, ...]] | str:
    try:
        return found(pkix_rules(), der)
    except ValueError as error:  # no certificate any more
        return str(error)


def test_what_is_remembered_changes_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    ders = [specimen(each, kind) for each in PROFILES for kind in ("RSA-2048", "P-384")]
    first = ders[0]
    ders += [
        first[:at] + bytes([first[at] ^ 1]) + first[at + 1 :] for at in range(0, len(first), EVERY)
    ]
    forget(monkeypatch)
    wanted = [faults(der) for der in ders]
    remember()
    assert [faults(der) for der in ders] == wanted
    assert [faults(der) for der in reversed(ders)] == wanted[::-1]


def test_of_the_next_certificate_only_what_differs_is_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    decoded: list[bytes] = []

    def decode(substrate: Any, asn1Spec: Any) -> Any:
        decoded.append(bytes(substrate))
        return plain_decode(substrate, asn1Spec=asn1Spec)

    monkeypatch.setattr(document, "decode_der", decoding_once(decode))
    rules = pkix_rules()
    first, second = specimen(), specimen()
    rules.validate(load_certificate(first, "certificate").root)
    once = len(decoded)
    rules.validate(load_certificate(second, "certificate").root)
    assert decoded[once:] == [second]
    assert once == 20


def test_no_rule_changes_a_value_that_was_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[Any, bytes]] = []

    def decode(substrate: Any, asn1Spec: Any) -> Any:
        value, rest = plain_decode(substrate, asn1Spec=asn1Spec)
        given.append((value, bytes(substrate)))
        return value, rest

    monkeypatch.setattr(document, "decode_der", decode)
    for profile in PROFILES:
        pkix_rules().validate(load_certificate(specimen(profile), "certificate").root)
    assert all(encode(value) == octets for value, octets in given)
