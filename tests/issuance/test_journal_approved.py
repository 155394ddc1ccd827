"""A certificate that nobody approved is signed by no mark, and entered by no crash."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Organisation, Person
from certportal.dev.builders import memory
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from certportal.operations import health, self_checks
from issuance import journal, services, signers, tasks
from issuance.authority.sign import sign_certificate
from issuance.models import Certificate, IssuingCA, PreparedCertificate, SigningLease
from issuance.services import lease
from issuance.services.errors import Unproven
from issuance.services.issuing.journal_approved import NobodyApproved
from issuance.services.issuing.sign_attempts import journal_entry
from issuance.services.recovery.reconcile import Kind
from issuance.services.signer import signer_for
from issuance.signers import SignerUnavailable
from tests.alarms import sounds
from tests.issuance.conftest import approve_by
from tests.issuance.orders import new_key, server_order
from tests.tables import rewrite, unkept

CA = "sote-ec-1"


@pytest.fixture
def unapproved(
    cas: dict[str, IssuingCA], pharmacy: Organisation, now: datetime
) -> PreparedCertificate:
    """An attempt that nobody approved."""
    return services.prepare(server_order(pharmacy), now=now)


@pytest.fixture
def in_journal(unapproved: PreparedCertificate) -> journal.Entry:
    """Its certificate, signed past the service, in the journal."""
    der = sign_certificate(bytes(unapproved.tbs), unapproved.tbs_sha256, signer_for(_ca()))
    return put_into_journal(journal_entry(unapproved, der))


def _ca() -> IssuingCA:
    return IssuingCA.objects.get(stem=CA)


def put_into_journal(entry: journal.Entry) -> journal.Entry:
    journal.ensure_room(CA)
    (standing,) = journal.append(CA, [entry])
    return standing


def kinds(*, mend: bool = False, now: datetime) -> list[tuple[Kind, str]]:
    outcomes = services.reconcile(mend=mend, now=now)
    return [(difference.kind, outcome) for difference, outcome in outcomes]


def mark(attempt: PreparedCertificate) -> None:
    """Mark it as being signed by hand: a change that its table allows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE issuance_preparedcertificate SET state = 'signing' WHERE id = %s", [attempt.pk]
        )


def test_it_stops_its_ca_and_no_other_until_an_operator_has_it_entered(
    in_journal: journal.Entry,
    approved: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
) -> None:
    for _ in range(2):
        with pytest.raises(NobodyApproved, match=in_journal.serial):
            services.issue(approved.reference, now=now)
    assert services.publish_crl(_ca(), now=now), "status goes on"
    other = services.prepare(server_order(pharmacy, new_key("RSA-3072")), now=now)
    approve_by(riitta, other, now)
    assert services.issue(other.reference, now=now)
    assert kinds(now=now) == [(Kind.NOBODY_APPROVED, "not fixed")]
    assert kinds(mend=True, now=now) == [(Kind.NOBODY_APPROVED, "fixed")]
    assert Event.objects.filter(action="issuance.restored").exists()
    assert services.issue(approved.reference, now=now)


def test_of_many_confirmed_those_of_other_cas_are_issued(
    in_journal: journal.Entry,
    approved: PreparedCertificate,
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
) -> None:
    other = services.prepare(server_order(pharmacy, new_key("RSA-3072")), now=now)
    approve_by(riitta, other, now)
    references = [approved.reference, other.reference]
    with pytest.raises(NobodyApproved):
        services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert Certificate.objects.get().reference == other.reference


def test_a_key_that_is_away_holds_up_no_other_ca(
    approved: PreparedCertificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    other = services.prepare(server_order(pharmacy, new_key("RSA-3072")), now=now)
    approve_by(riitta, other, now)
    memory.drop(CA)
    signers.forget()
    with pytest.raises(SignerUnavailable):
        services.issue_all_confirmed(
            [approved.reference, other.reference], confirmed_at=now, now=now
        )
    assert Certificate.objects.get().reference == other.reference


def test_health_names_it_until_it_has_been_entered(
    approved: PreparedCertificate, in_journal: journal.Entry, now: datetime
) -> None:
    for _ in range(2):
        assert "journal-unapproved" in self_checks.failing("ca")
    services.reconcile(mend=True, now=now)
    assert "journal-unapproved" not in self_checks.failing("ca")


def test_one_that_the_database_has_lost_stops_its_case_alone(
    approved: PreparedCertificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    der = sign_certificate(bytes(approved.tbs), approved.tbs_sha256, signer_for(_ca()))
    put_into_journal(journal_entry(approved, der))
    assert kinds(now=now) == [(Kind.NOT_STORED, "not fixed")]
    other = services.prepare(server_order(pharmacy), now=now)
    approve_by(riitta, other, now)
    assert services.issue(other.reference, now=now)
    assert "journal-unapproved" not in self_checks.failing("ca")


def test_a_line_that_is_no_certificate_stops_its_ca(
    approved: PreparedCertificate, now: datetime
) -> None:
    put_into_journal(journal.Entry(str(uuid4()), 1, "01" + "AB" * 14, b"no certificate", {}))
    with pytest.raises(NobodyApproved):
        services.issue(approved.reference, now=now)


def test_a_mark_made_by_hand_signs_nothing_and_health_names_it(
    unapproved: PreparedCertificate, now: datetime
) -> None:
    mark(unapproved)
    (item,) = outbox.enqueue("certificate.confirmed", now=now, reference=str(unapproved.reference))
    rewrite(OutboxItem.objects.filter(pk=item.pk), due_at=now)
    with pytest.raises(Unproven, match="lacks approvals"):
        services.issue(unapproved.reference, now=now)
    tasks.issue(item=str(item.pk))
    assert list(journal.entries(CA)) == []
    assert sounds("approval-unproven")
    assert "approval-unproven" in health.unwell_by(health.read_signs())


def test_with_a_mark_a_line_put_into_the_journal_is_not_entered(
    unapproved: PreparedCertificate, in_journal: journal.Entry, now: datetime
) -> None:
    mark(unapproved)
    with pytest.raises(NobodyApproved):
        services.issue(unapproved.reference, now=now)
    assert not Certificate.objects.exists()


def test_nor_with_the_event_of_an_approval_by_somebody_who_gave_none(
    unapproved: PreparedCertificate, in_journal: journal.Entry, riitta: Person, now: datetime
) -> None:
    approve_by(riitta, unapproved, now)
    mark(unapproved)
    with unkept(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM issuance_approval")
    with pytest.raises(Unproven):
        services.issue(unapproved.reference, now=now)
    assert not Certificate.objects.exists()


def test_of_many_confirmed_the_unproven_alone_waits(
    unapproved: PreparedCertificate, approved: PreparedCertificate, now: datetime
) -> None:
    mark(unapproved)
    references = [unapproved.reference, approved.reference]
    with pytest.raises(Unproven):
        services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert Certificate.objects.get().reference == approved.reference


def test_a_lease_written_by_hand_lets_no_journal_sign_that_lacks_certificates(
    certificate: Certificate,
    approve: Callable[[], PreparedCertificate],
    now: datetime,
) -> None:
    another = approve()
    journal.path(CA).unlink()
    SigningLease.objects.update(journal=journal.renew_identity(), term=99)
    for work in (
        lambda: services.issue(another.reference, now=now),
        lambda: services.publish_crl(_ca(), now=now),
        lease.hold,
    ):
        with pytest.raises(journal.JournalUnavailable):
            work()
    assert list(journal.entries(CA)) == []


@pytest.fixture
def approve(
    pharmacy: Organisation, riitta: Person, now: datetime
) -> Callable[[], PreparedCertificate]:
    """Prepares and approves one more."""

    def act() -> PreparedCertificate:
        attempt = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, attempt, now)
        return attempt

    return act
