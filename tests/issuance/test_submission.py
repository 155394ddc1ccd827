"""The authority reads what was sent itself, and refuses an order that says anything else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from accounts.models import Organisation
from issuance import services
from issuance.certificate.order import CertificateOrder
from issuance.models import IssuingCA, PreparedCertificate
from tests.issuance import orders

CAs = dict[str, IssuingCA]


def rules(prepared: PreparedCertificate) -> list[str]:
    return [finding.rule for finding in prepared.found if finding.rule.startswith("ca.")]


def fields(prepared: PreparedCertificate) -> set[Any]:
    """The keys of the submission that the order contradicts."""
    found = (one for one in prepared.found if one.rule == "ca.submission")
    return {one.params["field"] for one in found}


OTHERWISE = [
    (orders.server_order, {"profile_id": "test_server"}, "type"),
    (orders.server_order, {"validity_months": 11}, "validity_months"),
    (orders.server_order, {"start": date(2026, 12, 24)}, "start"),
    (orders.server_order, {"purpose": frozenset({"server"})}, "purpose"),
    (orders.server_order, {"dns_names": orders.HOSTS[:1]}, "host_names"),
    (orders.email_order, {"emails": ("info@apteekki.example.fi",)}, "certified_email"),
]


@pytest.mark.parametrize(("make", "changes", "field"), OTHERWISE)
def test_an_order_that_says_otherwise_is_refused(
    pharmacy: Organisation,
    cas: CAs,
    now: datetime,
    make: Callable[[Organisation], CertificateOrder],
    changes: dict[str, Any],
    field: str,
) -> None:
    order = make(pharmacy)
    refused = services.prepare(replace(order, **changes), now=now)
    assert refused.state == "refused"
    assert set(rules(refused)) == {"ca.submission"}
    assert field in fields(refused)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"common_name": "Kanta-palvelut"}, "system_name"), ({"serial_number": "1.2"}, "system_oid")],
)
def test_another_system_is_refused(
    pharmacy: Organisation, cas: CAs, now: datetime, change: dict[str, str], field: str
) -> None:
    order = orders.signature_order(pharmacy)
    other = replace(order, subject=replace(order.subject, **change))
    assert fields(services.prepare(other, now=now)) == {field}


def test_a_mailbox_that_was_sent_unproven_is_refused(
    pharmacy: Organisation, cas: CAs, now: datetime
) -> None:
    order = orders.email_order(pharmacy)
    text = order.submission.replace(b'"2026-11-25T10:00:00+00:00"', b"null")
    unproven = orders.sent_as(order, text)
    assert fields(services.prepare(unproven, now=now)) == {"certified_email", "system_name"}


def test_another_submission_than_the_one_that_was_hashed_is_refused(
    pharmacy: Organisation, cas: CAs, now: datetime
) -> None:
    order = orders.server_order(pharmacy, submission_sha256="5" * 64)
    assert rules(services.prepare(order, now=now)) == ["ca.submission_hash"]


def test_other_names_than_were_sent_are_told(
    pharmacy: Organisation, cas: CAs, now: datetime
) -> None:
    order = orders.server_order(pharmacy)
    named = order.submission.replace(b'"type"', b'"subject": {"O": "Muu", "L": ""}, "type"')
    prepared = services.prepare(orders.sent_as(order, named), now=now)
    assert prepared.is_open
    (told,) = [one for one in prepared.found if one.rule.startswith("ca.")]
    assert (told.rule, told.params["sent"]) == ("ca.submission_names", "Muu")
