"""Every rule of the rule book is broken by some file; here those that no other test names."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from issuance.csr import examine
from issuance.der.write import sequence
from issuance.keys.policy import examine_key
from tests.issuance.csr.builder import (
    GOOD,
    all_rules,
    attribute,
    name,
    oid,
    pem,
    request,
    spki_of,
)

PRINTED = 0xE6CB5BDD80AA45AE9C95E8C15476679FFEC953C16851E711E743939589C64FC1
"""The private key on P-256 that stands in RFC 9500 section 2.3."""

PEM = pem(GOOD.der()).encode()
FILES = {
    "file.empty": b" \n",
    "file.other_type": b"%PDF-1.7\n",
    "file.private_key": b"-----BEGIN PRIVATE KEY-----\n",
    "file.too_large": PEM + b"\n" * 70_000,
    "key.published": request(key=ec.derive_private_key(PRINTED, ec.SECP256R1())),
    "signature.unknown": request(algorithm=sequence(oid("1.2.3.4"))),
    "subject.email_unused": request(subject=name(attribute("emailAddress", "a@malli.fi"))),
}


@pytest.mark.parametrize("rule", FILES)
def test_the_rule_finds_its_fault(rule: str) -> None:
    assert rule in all_rules(FILES[rule])


def test_a_system_without_a_common_name_is_told_so() -> None:
    data = request(subject=name(attribute("O", "Malli Oy")), extensions=())
    assert "subject.no_names" in [f.rule for f in examine(data, for_server=False).warnings]


def test_a_prime_shared_with_published_keys_is_found(monkeypatch) -> None:
    key = rsa.generate_private_key(65537, 2048)
    published = key.private_numbers().p
    monkeypatch.setattr("issuance.keys.rsa.sharedprimes", lambda modulus: modulus % published == 0)
    assert [finding.rule for finding in examine_key(spki_of(key))] == ["key.rsa_shared"]
