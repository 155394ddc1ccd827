from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint.loader import load_certificate

from issuance.authority import build
from issuance.certificate.lint_by_type import ByType
from issuance.certificate.lint_pkix import pkix_rules
from issuance.certificate.profiles import PROFILES
from tests.issuance.plans import plan

EVERY = 5
"""Of so many octets one is damaged, each in a copy of its own."""


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
