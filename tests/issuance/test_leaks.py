"""A private key that was let out: blocked at once, and its live certificates revoked."""

from datetime import datetime, timedelta
from functools import partial
from itertools import combinations

import pytest
from django.db import transaction

from accounts.models import Organisation, Person
from certportal.foundation.actors import Actor
from certportal.foundation.models import OutboxItem
from issuance import services
from issuance.csr import Kind, Report
from issuance.findings import RULE_SET_VERSION
from issuance.keys.curves import CURVES
from issuance.models import BlockedKey, Certificate, IssuingCA, SoundKey
from issuance.services import locks
from tests.applications.at_once import Beside
from tests.issuance.conftest import approve_by
from tests.issuance.csr.builder import request
from tests.issuance.csr.private_keys import drawn, key_of, signed_with
from tests.issuance.orders import make_csr, server_order, with_csr

VISITOR = Actor("visitor", address="192.0.2.7")


def test_a_live_certificate_is_revoked_for_compromise(
    certificate: Certificate, now: datetime
) -> None:
    (revoked,) = services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert revoked.pk == certificate.pk
    assert (revoked.state, revoked.revocation_reason) == ("revoked", "key_compromise")
    assert OutboxItem.objects.filter(topic="certificate.revoked").exists()


def test_the_key_is_blocked_as_uploaded(certificate: Certificate, now: datetime) -> None:
    services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert BlockedKey.objects.get().reason == "private_key_uploaded"


def test_again_nothing_happens(certificate: Certificate, now: datetime) -> None:
    services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now)
    assert services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=now) == []


def test_a_certificate_that_is_over_is_left_alone(certificate: Certificate, now: datetime) -> None:
    later = certificate.not_after + timedelta(seconds=1)
    assert services.report_leaked_key(certificate.spki_sha256, actor=VISITOR, now=later) == []
    certificate.refresh_from_db()
    assert certificate.state == "issued"


@pytest.mark.django_db(transaction=True)
def test_keys_that_leak_together_are_locked_as_for_issuing(now: datetime) -> None:
    # Two keys that issuing locks in the other order than that of their hashes.
    pairs = combinations([f"{number:064x}" for number in range(9)], 2)
    first, last = next(
        pair for pair in pairs if locks._keys([f"key:{pair[0]}"]) > locks._keys([f"key:{pair[1]}"])
    )
    names = [f"key:{first}", f"key:{last}"]
    report = Report([], None, Kind.PRIVATE_KEY, leaked_spki_sha256=[first, last])
    with transaction.atomic():
        locks.hold(names[1])
        beside = Beside(partial(services.report_known_keys, report, actor=VISITOR, now=now))
        locks.hold(*names)
    assert beside.end() is None
    assert services.is_blocked(first) and services.is_blocked(last)


def test_a_key_of_nobody_is_only_blocked(cas: object, now: datetime) -> None:
    assert services.report_leaked_key("ab" * 32, actor=VISITOR, now=now) == []
    assert services.is_blocked("ab" * 32)


CURVE = CURVES["P-256"]


def examine(data: bytes, now: datetime) -> list[str]:
    """The classes of refusal that a stranger is told of a file on the public page."""
    report = services.examine_for_visitor(
        data, names=None, for_server=True, address="192.0.2.7", now=now
    )
    return report.reasons


@pytest.fixture
def lasting(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> tuple[int, Certificate]:
    """A certificate in force, and the private scalar of its key."""
    scalar = drawn(CURVE).private_numbers().private_value
    prepared = services.prepare(server_order(pharmacy, key_of(CURVE, scalar)), now=now)
    approve_by(riitta, prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return scalar, issued


def test_a_certificate_falls_when_a_request_gives_its_key_away(
    lasting: tuple[int, Certificate], now: datetime
) -> None:
    scalar, certificate = lasting
    assert examine(signed_with(CURVE, scalar, 54321), now) == ["compromised-key"]
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert BlockedKey.objects.get().reason == "key_compromise"
    assert examine(request(key=key_of(CURVE, scalar)), now) == ["compromised-key"]


def test_a_scalar_pasted_in_digits_revokes_the_certificate(
    lasting: tuple[int, Certificate], now: datetime
) -> None:
    scalar, certificate = lasting
    assert examine(str(scalar).encode(), now) == ["private-key-included"]
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert services.is_blocked(certificate.spki_sha256)


def test_the_authority_itself_refuses_a_key_that_anybody_can_compute(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime
) -> None:
    """Whatever the registration authority has let pass."""
    order = server_order(pharmacy)
    for scalar in (7, CURVE.n - 123456, int.from_bytes(b"abcd" * 8)):
        weak = with_csr(order, make_csr(key_of(CURVE, scalar)))
        prepared = services.prepare(weak, now=now)
        assert "key.ec_scalar" in [finding["rule"] for finding in prepared.findings]
        assert prepared.state == "refused"


def test_the_authority_leaves_out_tests_only_if_they_were_made_under_its_own_rules(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime
) -> None:
    """A weak key stands recorded, which no worker does, so that the omission shows."""
    order = with_csr(server_order(pharmacy), make_csr(key_of(CURVE, 7)))
    refused = services.prepare(order, now=now)
    recorded = SoundKey.objects.create(spki_sha256=refused.spki_sha256, rule_set_version="2026.10")
    assert services.prepare(order, now=now).state == "refused"
    recorded.rule_set_version = RULE_SET_VERSION
    recorded.save()
    assert services.prepare(order, now=now).state == "prepared"
