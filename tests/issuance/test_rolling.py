"""Old and new workers side by side: none is sent back to the reviewers only for a version."""

import os
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from unittest.mock import patch

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation.models import Event, OutboxItem
from issuance import journal, services
from issuance.certificate.order import CertificateOrder
from issuance.certificate.profiles import PROFILES
from issuance.findings import RULE_SET_VERSION
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.errors import PreparedByNewer
from issuance.services.issuing.reexamine import UPGRADE_LASTS
from tests.issuance.children import issue_unless_busy, start_child
from tests.issuance.conftest import approve_by
from tests.issuance.orders import BY_FAMILY, lasting_key, server_order
from tests.issuance.versions import BEFORE, NEXT, version

ORDERS = 50
NO_KEY_ENCIPHERMENT: Mapping[str, frozenset[str]] = MappingProxyType(
    {"rsa": frozenset({"digital_signature"}), "ec": frozenset({"key_agreement"})}
)


def refused_at_the_ca() -> list[Event]:
    return list(Event.objects.filter(action="issuance.refused"))


@pytest.mark.parametrize("rules", [BEFORE, NEXT])
@pytest.mark.parametrize("family", sorted({each.family for each in PROFILES.values()}))
def test_what_another_version_prepared_is_signed_as_it_was_approved(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    family: str,
    rules: str,
) -> None:
    with version(rules):
        prepared = services.prepare(BY_FAMILY[family](pharmacy), now=now)
    approve_by(riitta, prepared, now)
    certificate = services.issue(prepared.reference, now=now)
    assert certificate is not None
    assert certificate.certificate.tbs_certificate_bytes == bytes(prepared.tbs)
    begun = Event.objects.get(action="issuance.signing")
    assert begun.data["rule_set_version"] == RULE_SET_VERSION
    (entry,) = journal.entries(certificate.issuing_ca.stem)
    assert entry.facts["rule_set_version"] == rules


def test_an_rsa_key_that_starts_later_is_signed_too(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    later = (now + timedelta(days=40)).date()
    order = server_order(pharmacy, lasting_key("RSA-2048"), start=later, validity_months=7)
    with version(BEFORE):
        prepared = services.prepare(order, now=now)
    approve_by(riitta, prepared, now)
    assert services.issue(prepared.reference, now=now) is not None


def test_a_profile_that_changed_without_changing_the_bytes_stops_nothing(
    approved: PreparedCertificate, now: datetime
) -> None:
    with version(NEXT, version=2, max_start_days=30):
        certificate = services.issue(approved.reference, now=now)
    assert certificate is not None
    assert certificate.profile_version == 1


def stopped(approved: PreparedCertificate, now: datetime) -> set[str]:
    """The rules of the signer that kept it from signing."""
    assert services.issue(approved.reference, now=now) is None
    approved.refresh_from_db()
    assert (approved.state, approved.void_reason) == ("void", "rules_changed")
    assert list(journal.entries("sote-ec-1")) == []
    (event,) = refused_at_the_ca()
    return set(event.data["rules"])


def test_bytes_that_a_new_profile_would_not_make_go_back(
    approved: PreparedCertificate, now: datetime
) -> None:
    with version(NEXT, version=2, key_usage=NO_KEY_ENCIPHERMENT):
        assert stopped(approved, now) == {"lint.key_usage"}


def test_names_that_a_new_rule_refuses_go_back(
    approved: PreparedCertificate, now: datetime
) -> None:
    with version(NEXT), patch("issuance.certificate.order.certified_problem", lambda _: "suffix"):
        assert stopped(approved, now) == {"ca.dns_name"}


def test_a_request_that_a_new_rule_refuses_goes_back(
    approved: PreparedCertificate, now: datetime
) -> None:
    with version(NEXT), patch("issuance.csr.examination.MAX_BYTES", 10):
        assert stopped(approved, now) == {"file.too_large"}


def test_a_longer_validity_than_a_new_profile_allows_goes_back(
    approved: PreparedCertificate, now: datetime
) -> None:
    with version(NEXT, version=2, max_months=6):
        assert stopped(approved, now) == {"ca.validity", "lint.validity"}


def test_a_type_that_is_no_longer_made_goes_back(
    approved: PreparedCertificate, now: datetime
) -> None:
    without = {key: value for key, value in PROFILES.items() if key != "server"}
    with patch("issuance.services.issuing.reexamine.PROFILES", without):
        assert stopped(approved, now + UPGRADE_LASTS) == {"ca.profile"}


@pytest.fixture
def newest(
    cas: dict[str, IssuingCA], order: CertificateOrder, riitta: Person, now: datetime
) -> PreparedCertificate:
    """Prepared by the next version, whose profile allows what this one's does not."""
    with (
        version(NEXT, version=2, key_usage=NO_KEY_ENCIPHERMENT),
        patch("issuance.certificate.lint_pkix._SEVERITIES", {}),
    ):
        prepared = services.prepare(order, now=now)
    approve_by(riitta, prepared, now)
    return prepared


def test_what_only_the_newer_signer_allows_is_left_to_it(
    newest: PreparedCertificate, now: datetime
) -> None:
    with pytest.raises(PreparedByNewer):
        services.issue(newest.reference, now=now)
    newest.refresh_from_db()
    assert newest.state == "prepared"
    with version(NEXT, version=2, key_usage=NO_KEY_ENCIPHERMENT):
        assert services.issue(newest.reference, now=now) is not None


def test_no_newer_signer_is_waited_for_after_a_step_back(
    newest: PreparedCertificate, now: datetime
) -> None:
    assert stopped(newest, now + UPGRADE_LASTS) == {"lint.key_usage"}


@pytest.fixture
def committed_cas(
    transactional_db: None, settings: Settings, tmp_path: object
) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)  # type: ignore[arg-type]


def work_off(attempts: list[PreparedCertificate], now: datetime, *, newer: bool, seed: int) -> None:
    with version(NEXT, version=2) if newer else version():
        for attempt in random.Random(seed).sample(attempts, len(attempts)):
            issue_unless_busy(attempt, now)


@pytest.mark.django_db(transaction=True)
def test_each_is_issued_once_by_whichever_version_comes_first(
    committed_cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    orders = [server_order(pharmacy) for _ in range(ORDERS)]
    attempts = services.prepare_all(orders[::2], now=now)
    with version(NEXT, version=2):
        attempts += services.prepare_all(orders[1::2], now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    works = [partial(work_off, attempts, now, newer=seed % 2 == 0, seed=seed) for seed in range(4)]
    for child in [start_child(work) for work in works]:
        assert os.waitpid(child, 0)[1] == 0
    issued = set(Certificate.objects.values_list("reference", flat=True))
    assert issued == {order.reference for order in orders}
    assert not OutboxItem.objects.filter(topic="certificate.refused").exists()
    for certificate in Certificate.objects.select_related("prepared"):
        assert certificate.profile_version == certificate.prepared.profile_version
        assert certificate.certificate.tbs_certificate_bytes == bytes(certificate.prepared.tbs)
    assert len(list(journal.entries("sote-ec-1"))) == ORDERS
