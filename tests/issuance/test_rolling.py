"""Old and new workers side by side while a profile changes: each certificate is of one version."""

import importlib
import os
import random
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation.models import OutboxItem
from issuance import journal, services
from issuance.certificate.profiles import PROFILES
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from tests.issuance.children import issue_unless_busy, start_child
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order

pytestmark = pytest.mark.django_db(transaction=True)
ORDERS = 50


@pytest.fixture
def cas(transactional_db: None, settings: Settings, tmp_path: object) -> dict[str, IssuingCA]:
    return make_hierarchy(settings, tmp_path)  # type: ignore[arg-type]


def become_newer() -> None:
    """Be a process of the next version of the program, whose profile differs."""
    profile = PROFILES["server"]
    newer = PROFILES | {profile.id: replace(profile, version=profile.version + 1)}
    for name in ("prepare", "issue", "evidence"):
        importlib.import_module(f"issuance.services.issuing.{name}").PROFILES = newer  # type: ignore[attr-defined]


def work_off(attempts: list[PreparedCertificate], now: datetime, *, newer: bool, seed: int) -> None:
    if newer:
        become_newer()
    for attempt in random.Random(seed).sample(attempts, len(attempts)):
        issue_unless_busy(attempt, now)


def test_each_certificate_is_made_wholly_by_one_version(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    orders = [server_order(pharmacy) for _ in range(ORDERS)]
    attempts = services.prepare_all(orders, now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    works = [partial(work_off, attempts, now, newer=seed % 2 == 0, seed=seed) for seed in range(4)]
    for child in [start_child(work) for work in works]:
        assert os.waitpid(child, 0)[1] == 0
    issued = set(Certificate.objects.values_list("reference", flat=True))
    refused = PreparedCertificate.objects.filter(state="void", void_reason="rules_changed")
    again = set(refused.values_list("reference", flat=True))
    assert issued | again == {order.reference for order in orders}
    assert not issued & again
    told = OutboxItem.objects.filter(topic="certificate.refused")
    assert {item.payload["reference"] for item in told} == {str(one) for one in again}
    for certificate in Certificate.objects.select_related("prepared"):
        assert certificate.profile_version == certificate.prepared.profile_version == 1
        assert certificate.certificate.tbs_certificate_bytes == bytes(certificate.prepared.tbs)
    assert len(list(journal.entries("sote-ec-1"))) == len(issued)


def test_what_the_new_version_refused_it_makes_anew(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = server_order(pharmacy)
    approve_by(riitta, services.prepare(order, now=now), now)
    for name in ("prepare", "issue", "evidence"):  # put back after the test
        module = importlib.import_module(f"issuance.services.issuing.{name}")
        monkeypatch.setattr(module, "PROFILES", PROFILES)
    become_newer()
    assert services.issue(order.reference, now=now) is None
    approve_by(riitta, services.prepare(order, now=now), now)
    certificate = services.issue(order.reference, now=now)
    assert certificate is not None
    assert certificate.profile_version == PROFILES["server"].version + 1
