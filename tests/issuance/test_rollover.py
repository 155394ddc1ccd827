"""A new generation issues; the old one keeps its certificates' status until the last has ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from cryptography import x509

from accounts.models import Organisation, Person
from certportal.foundation.actors import system
from issuance import repository, services
from issuance.models import Certificate, IssuingCA
from tests.issuance.conftest import approve_by
from tests.issuance.hierarchy import Place, add_ca
from tests.issuance.orders import server_order


@dataclass
class Generations:
    old: Certificate
    new: Certificate


@pytest.fixture
def generations(
    certificate: Certificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> Generations:
    add_ca(Place("production", "ec", 2))
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return Generations(certificate, issued)


def listed(stem: str) -> set[int]:
    crl = x509.load_der_x509_crl(repository.crl_path(stem).read_bytes())
    return {entry.serial_number for entry in crl}


def test_the_new_generation_issues(generations: Generations) -> None:
    assert generations.old.issuing_ca.stem == "sote-ec-1"
    assert generations.new.issuing_ca.stem == "sote-ec-2"
    generations.new.certificate.verify_directly_issued_by(generations.new.issuing_ca.certificate)


def test_each_generation_lists_its_own(generations: Generations, now: datetime) -> None:
    for certificate in (generations.old, generations.new):
        services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    services.publish_crls(now=now)
    assert listed("sote-ec-1") == {int(generations.old.serial, 16)}
    assert listed("sote-ec-2") == {int(generations.new.serial, 16)}


def test_the_old_one_publishes_until_a_list_is_dated_after_its_last_certificate(
    generations: Generations, now: datetime
) -> None:
    """RFC 5280 section 3.3; a list is dated five minutes back."""
    services.publish_crls(now=now)
    for minutes, published in ((0, True), (60, True), (61, False)):
        before = repository.crl_number("sote-ec-1")
        services.publish_crls(now=generations.old.not_after + timedelta(minutes=minutes))
        assert (repository.crl_number("sote-ec-1") > before) == published, minutes


def test_what_was_approved_for_the_old_one_is_not_issued_by_it(
    certificate: Certificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, prepared, now)
    add_ca(Place("production", "ec", 2))
    assert services.issue(prepared.reference, now=now) is None
    prepared.refresh_from_db()
    assert prepared.void_reason == "ca_not_active"


@pytest.mark.parametrize("state", ["retired", "revoked"])
def test_a_ca_out_of_use_prepares_nothing(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime, state: str
) -> None:
    IssuingCA.objects.filter(branch="ec").update(state=state)
    refused = services.prepare(server_order(pharmacy), now=now)
    assert refused.state == "refused"
