"""Lists and responses as pkilint finds them by RFC 5280, RFC 6960 and the CA/B Forum's rules."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from pkilint import loader, pkix
from pkilint.cabf import cabf_crl
from pkilint.pkix import crl as lists, extension, name, ocsp as responses

from accounts.models import Organisation, Person
from certportal.dev.builders import hierarchy
from certportal.foundation.actors import system
from issuance import services
from issuance.authority import crl
from issuance.certificate.plan import new_serial
from issuance.models import IssuingCA
from issuance.publication import repository
from issuance.services.ceremony.root import ROOT_CRL_VALIDITY
from tests.issuance.conftest import approve_by
from tests.issuance.orders import lasting_key, server_order
from tests.issuance.status.requests import request

KEYS = {"sote-ec-1": "P-384", "sote-rsa-1": "RSA-2048"}
DECODERS = [
    pkix.create_attribute_decoder(name.ATTRIBUTE_TYPE_MAPPINGS),
    pkix.create_extension_decoder(extension.EXTENSION_MAPPINGS),
]


def found(validator: Any, document: Any) -> list[str]:
    results = validator.validate(document.root)
    return [each.finding.code for result in results for each in result.finding_descriptions]


def found_in_list(der: bytes, kind: str = "CRL") -> list[str]:
    which = lists.CertificateRevocationListType[kind]
    validator = lists.create_pkix_crl_validator_container(
        DECODERS,
        [
            lists.create_issuer_validator_container([]),
            lists.create_validity_validator_container(
                [cabf_crl.create_validity_period_validator(which)]
            ),
            lists.create_extensions_validator_container([]),
            cabf_crl.CabfCrlReasonCodeAllowlistValidator(which),
        ],
    )
    return found(validator, loader.load_crl(der, "list"))


def found_in_response(der: bytes) -> list[str]:
    validator = responses.create_pkix_ocsp_response_validator_container(
        [responses.create_response_decoder(), *DECODERS], []
    )
    return found(validator, loader.load_ocsp_response(der, "response"))


@pytest.mark.parametrize("stem", KEYS)
def test_nothing_is_found_in_a_list_nor_in_a_response(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime, stem: str
) -> None:
    prepared = services.prepare(server_order(pharmacy, lasting_key(KEYS[stem])), now=now)
    approve_by(riitta, prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    for reason in (None, "superseded", "key_compromise"):
        if reason is not None:
            since, actor = now - timedelta(days=1), system("test")
            services.revoke(issued.pk, reason, actor=actor, invalidity_date=since, now=now)
        services.publish_crl(cas[stem], now=now)
        assert found_in_list(repository.crl_path(stem).read_bytes()) == []
        for serial in (int(issued.serial, 16), new_serial()):
            asked = request(cas[stem].certificate, serial)
            assert found_in_response(services.answer(stem, asked, now=now)) == []


@pytest.mark.parametrize("branch", ["ec", "rsa"])
def test_nor_in_the_list_of_a_root(now: datetime, branch: str) -> None:
    entry = crl.entry(new_serial(), now, x509.ReasonFlags.cessation_of_operation, None)
    facts = crl.CrlFacts(1, now, now + ROOT_CRL_VALIDITY)
    made = crl.make([entry], facts, hierarchy.root("production", branch))
    assert found_in_list(made, "ARL") == []


def test_the_linter_does_find_faults(now: datetime) -> None:
    facts = crl.CrlFacts(1, now, now - timedelta(days=1))
    made = crl.make([], facts, hierarchy.root("production", "ec"))
    assert "pkix.crl_negative_validity_period" in found_in_list(made)
