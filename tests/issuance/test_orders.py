from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from accounts.models import Organisation
from issuance.certificate.order import CertificateOrder, Subject, examine_order
from issuance.certificate.profiles import PROFILES
from tests.issuance.orders import NEVER_CERTIFIED, lasting_key, server_order, signature_order


@pytest.fixture
def server(pharmacy: Organisation) -> CertificateOrder:
    return server_order(pharmacy, lasting_key("P-256"))


@pytest.fixture
def signature(pharmacy: Organisation) -> CertificateOrder:
    return signature_order(pharmacy, lasting_key("P-256"))


def rules(order: CertificateOrder, now: datetime) -> list[str]:
    return [finding.rule for finding in examine_order(order, now=now)]


def test_a_good_order_has_no_faults(
    server: CertificateOrder, signature: CertificateOrder, now: datetime
) -> None:
    assert examine_order(server, now=now) == []
    assert examine_order(signature, now=now) == []


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"profile_id": "root"}, "ca.profile"),
        ({"validity_months": 13}, "ca.validity"),
        ({"validity_months": 0}, "ca.validity"),
        ({"start": date(2027, 1, 25)}, "ca.start"),
        ({"purpose": frozenset()}, "ca.purpose"),
        ({"purpose": frozenset({"server", "codesign"})}, "ca.purpose"),
        ({"dns_names": ("kanta.example.fi", "kanta.example.fi")}, "ca.dns_name_twice"),
        ({"dns_names": ("kanta.example.fi", "*.example.fi")}, "ca.dns_name"),
        ({"dns_names": ("kanta.example.fi", "10.0.0.1")}, "ca.dns_name"),
        *(({"dns_names": (host,)}, "ca.dns_name") for host in NEVER_CERTIFIED),
        ({"dns_names": ("a" * 62 + ".example.fi",)}, "ca.length"),
    ],
)
def test_faults_of_a_server_order(
    server: CertificateOrder, now: datetime, changes: dict[str, Any], rule: str
) -> None:
    assert rules(replace(server, **changes), now) == [rule]


def test_a_server_order_without_host_names(server: CertificateOrder, now: datetime) -> None:
    found = rules(replace(server, dns_names=()), now)
    assert found == ["ca.subject_missing", "ca.dns_names"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"organisation": ""}, "ca.subject_missing"),
        ({"organisation": "Apteekki Š"}, "ca.characters"),
        ({"organisation": ": Sairaala"}, "ca.untidy"),
        ({"organisation": "A" * 65}, "ca.length"),
        ({"unit": "A" * 65}, "ca.length"),
        ({"common_name": ""}, "ca.subject_missing"),
        ({"serial_number": None}, "ca.subject_missing"),
        ({"serial_number": "2048198-1"}, "ca.oid"),
    ],
)
def test_faults_of_a_subject(
    signature: CertificateOrder, now: datetime, changes: dict[str, Any], rule: str
) -> None:
    order = replace(signature, subject=replace(signature.subject, **changes))
    assert rules(order, now) == [rule]


def test_the_foreign_character_is_named(signature: CertificateOrder, now: datetime) -> None:
    subject = replace(signature.subject, unit="Apteekki Žž")
    (finding,) = examine_order(replace(signature, subject=subject), now=now)
    assert finding.params["characters"] == "Ž ž"
    assert finding.params["attribute"] == "OU"


def test_unit_and_locality_may_be_missing(signature: CertificateOrder, now: datetime) -> None:
    subject = replace(signature.subject, unit=None, locality=None)
    assert rules(replace(signature, subject=subject), now) == []


def test_a_signature_order_has_no_host_names(signature: CertificateOrder, now: datetime) -> None:
    assert rules(replace(signature, dns_names=("a.example.fi",)), now) == ["ca.dns_names"]


def test_the_common_name_of_a_server_is_its_first_host_name(
    server: CertificateOrder, now: datetime
) -> None:
    subject = Subject(organisation="Helsingin VI apteekki", common_name="muu.example.fi")
    assert rules(replace(server, subject=subject), now) == ["ca.common_name"]
    assert server.common_name == server.dns_names[0]


def test_server_subjects_have_no_unit_even_if_one_is_given(server: CertificateOrder) -> None:
    subject = replace(server.subject, unit="Sivuapteekki", serial_number="1.2.246.10.1.12.1")
    attributes = replace(server, subject=subject).attributes(PROFILES["server"])
    assert list(attributes) == ["C", "L", "O", "CN"]
