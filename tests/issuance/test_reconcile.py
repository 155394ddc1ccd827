"""What a crash or an older copy of the database has lost comes back from journal and list."""

import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import transaction

from accounts.models import Organisation, Person
from certportal.dev.builders import people
from certportal.dev.builders.hierarchy import Place, add_ca
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from certportal.wiring import BEAT_SCHEDULE
from issuance import journal, services
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.services.errors import AlreadySigning, NotReconciled
from issuance.services.recovery.reconcile import Kind
from issuance.signers import SignerUnavailable
from issuance.tasks import reconcile
from tests.alarms import sounds
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order

CA = "sote-ec-1"


class Forgotten(Exception):
    pass


def forgetting(work: Callable[[], object]) -> None:
    """Do the work and let the database forget it, as an older copy of it would."""
    with suppress(Forgotten), transaction.atomic():
        work()
        raise Forgotten


def found(*, mend: bool = False, now: datetime) -> list[tuple[Kind, str]]:
    outcomes = services.reconcile(mend=mend, now=now)
    return [(difference.kind, outcome) for difference, outcome in outcomes]


def through(order, riitta: Person, now: datetime) -> Certificate:
    prepared = services.prepare(order, now=now)
    approve_by(riitta, prepared, now)
    if order.replaces:
        approve_by(people.make_reviewer("Raimo Ratkaisija", now=now), prepared, now)
    issued = services.issue(order.reference, now=now)
    assert issued is not None
    return issued


def in_journal(reference: UUID) -> journal.Entry:
    (entry,) = journal.of_references(CA, [str(reference)])
    return entry


def test_nothing_differs_after_issuing_and_revoking(
    certificate: Certificate, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    services.publish_crl(certificate.issuing_ca, now=now)
    assert found(now=now) == []


def test_a_certificate_of_an_open_attempt_is_entered(
    approved: PreparedCertificate, now: datetime
) -> None:
    forgetting(lambda: services.issue(approved.reference, now=now))
    assert found(now=now) == [(Kind.NOT_STORED, "not fixed")]
    assert found(mend=True, now=now) == [(Kind.NOT_STORED, "fixed")]
    certificate = Certificate.objects.get(reference=approved.reference)
    assert bytes(certificate.der) == in_journal(approved.reference).der
    approved.refresh_from_db()
    assert approved.state == "issued"
    assert OutboxItem.objects.filter(task="applications.record_issued").count() == 1
    assert Event.objects.filter(action="issuance.restored").count() == 1
    assert found(now=now) == []


def test_a_certificate_whose_attempt_is_gone_is_entered_whole(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    order = server_order(pharmacy)
    forgetting(lambda: through(order, riitta, now))
    assert not PreparedCertificate.objects.exists()
    assert found(mend=True, now=now) == [(Kind.NOBODY_APPROVED, "fixed")]
    certificate = Certificate.objects.get(reference=order.reference)
    assert (certificate.organisation, certificate.profile_id) == (pharmacy, "server")
    assert certificate.not_after == certificate.certificate.not_valid_after_utc
    assert bytes(certificate.prepared.tbs) == certificate.certificate.tbs_certificate_bytes
    assert certificate.prepared.submission_sha256 == order.submission_sha256


def test_a_reissue_is_entered_with_what_it_replaced(
    certificate: Certificate, order, riitta: Person, now: datetime
) -> None:
    again = replace(order, reference=uuid4(), replaces=certificate.reference)
    forgetting(lambda: through(again, riitta, now))
    assert found(mend=True, now=now) == [(Kind.NOBODY_APPROVED, "fixed")]
    entered = Certificate.objects.get(reference=again.reference)
    assert entered.prepared.replaces == certificate.reference


def test_another_attempt_made_meanwhile_gives_way(
    prepared: PreparedCertificate, order, riitta: Person, now: datetime
) -> None:
    forgetting(lambda: through(order, riitta, now))
    assert found(mend=True, now=now) == [(Kind.NOBODY_APPROVED, "fixed")]
    prepared.refresh_from_db()
    assert (prepared.state, prepared.void_reason) == ("void", "found_in_journal")
    assert Certificate.objects.get().prepared.attempt == 2


def test_nothing_more_is_made_for_the_reference_before_it_is_entered(
    approved: PreparedCertificate, order, now: datetime
) -> None:
    forgetting(lambda: services.issue(approved.reference, now=now))
    with pytest.raises(NotReconciled):
        services.issue(approved.reference, now=now)
    with pytest.raises(NotReconciled):
        services.prepare(order, now=now)
    approved.refresh_from_db()
    assert approved.state == "prepared"
    services.reconcile(mend=True, now=now)
    with pytest.raises(AlreadySigning):
        services.prepare(order, now=now)
    assert services.issue(approved.reference, now=now) == Certificate.objects.get()


def test_one_that_only_the_journal_knows_keeps_all_beside_it_back(
    approved: PreparedCertificate, order, pharmacy: Organisation, now: datetime
) -> None:
    other = server_order(pharmacy)
    forgetting(lambda: services.issue(approved.reference, now=now))
    with pytest.raises(NotReconciled):
        services.prepare_all([other, order], now=now)
    with pytest.raises(NotReconciled):
        services.issue_all([other.reference, approved.reference], now=now)
    assert PreparedCertificate.objects.get().state == "prepared"
    services.reconcile(mend=True, now=now)
    with pytest.raises(AlreadySigning):
        services.prepare_all([other, order], now=now)
    assert services.prepare(other, now=now).is_open


def test_of_many_confirmed_it_alone_waits(
    approved: PreparedCertificate, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    others = services.prepare_all([server_order(pharmacy) for _ in range(3)], now=now)
    for attempt in others:
        approve_by(riitta, attempt, now)
    forgetting(lambda: services.issue(approved.reference, now=now))
    references = [each.reference for each in (others[0], approved, *others[1:])]
    for _ in range(2):
        with pytest.raises(NotReconciled):
            services.issue_all_confirmed(references, confirmed_at=now, now=now)
        issued = Certificate.objects.values_list("reference", flat=True)
        assert set(issued) == {each.reference for each in others}
    services.reconcile(mend=True, now=now)
    services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert Certificate.objects.count() == len(list(journal.entries(CA))) == 4


def test_nor_is_one_made_under_the_ca_that_has_taken_over(
    cas: dict[str, IssuingCA], order, pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    forgetting(lambda: through(order, riitta, now))
    add_ca(Place("production", "ec", 2))
    with pytest.raises(NotReconciled):
        services.prepare(order, now=now)
    other = server_order(pharmacy)
    with pytest.raises(NotReconciled):
        services.prepare_all([other, order], now=now)
    assert found(mend=True, now=now) == [(Kind.NOBODY_APPROVED, "fixed")]
    with pytest.raises(AlreadySigning):
        services.prepare(order, now=now)
    assert services.prepare(other, now=now).issuing_ca.stem == "sote-ec-2"


def test_nor_under_the_old_one_if_the_database_forgot_that_another_took_over(
    approved: PreparedCertificate, order, riitta: Person, now: datetime
) -> None:
    def take_over() -> None:
        add_ca(Place("production", "ec", 2))
        assert through(order, riitta, now).issuing_ca.stem == "sote-ec-2"

    forgetting(take_over)
    with pytest.raises(NotReconciled):
        services.issue(approved.reference, now=now)
    with pytest.raises(NotReconciled):
        services.prepare(order, now=now)
    assert list(journal.entries(CA)) == []


def test_a_serial_number_of_the_journal_is_never_given_again(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = server_order(pharmacy)
    forgetting(lambda: through(order, riitta, now))
    used = int(in_journal(order.reference).serial, 16)
    numbers = iter([used, used, used + 1])
    monkeypatch.setattr(
        importlib.import_module("issuance.services.issuing.prepare"),
        "new_serial",
        lambda: next(numbers),
    )
    prepared = services.prepare(server_order(pharmacy), now=now)
    assert int(prepared.serial, 16) == used + 1


def test_a_second_certificate_of_one_reference_is_left_to_people(
    certificate: Certificate, now: datetime
) -> None:
    entry = in_journal(certificate.reference)
    other = journal.Entry(entry.reference, 2, "01" + "AB" * 14, entry.der, entry.facts)
    journal.append(CA, [other])
    ((kind, outcome),) = found(mend=True, now=now)
    assert kind == Kind.NOT_STORED
    assert outcome.startswith("not fixed: ")
    assert Certificate.objects.count() == 1


def test_a_line_somebody_else_signed_is_not_entered(
    approved: PreparedCertificate, now: datetime
) -> None:
    forgetting(lambda: services.issue(approved.reference, now=now))
    real = in_journal(approved.reference)
    journal.path(CA).unlink()
    broken = bytearray(real.der)
    broken[-1] ^= 1
    line = journal.Entry(real.reference, real.attempt, real.serial, bytes(broken), real.facts)
    journal.append(CA, [line])
    ((kind, outcome),) = found(mend=True, now=now)
    assert kind == Kind.NOT_STORED
    assert outcome.startswith("not fixed: ")
    assert not Certificate.objects.exists()


def test_a_revocation_of_the_published_list_is_entered(
    certificate: Certificate, now: datetime
) -> None:
    revoked_at = now - timedelta(hours=2)
    actor, ill = system("test"), now - timedelta(days=1)

    def revoke_and_publish() -> None:
        services.revoke(
            certificate.pk, "key_compromise", actor=actor, invalidity_date=ill, now=revoked_at
        )
        services.publish_crl(certificate.issuing_ca, now=now)

    forgetting(revoke_and_publish)
    assert found(now=now) == [(Kind.NOT_REVOKED, "not fixed")]
    assert found(mend=True, now=now) == [(Kind.NOT_REVOKED, "fixed")]
    certificate.refresh_from_db()
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert certificate.revoked_at == revoked_at.replace(microsecond=0)
    assert certificate.invalidity_date == ill.replace(microsecond=0)
    assert services.is_blocked(certificate.spki_sha256)


def test_a_reason_that_was_raised_on_the_list_is_raised_again(
    certificate: Certificate, now: datetime
) -> None:
    actor = system("test")
    services.revoke(certificate.pk, "superseded", actor=actor, now=now)

    def raise_and_publish() -> None:
        services.revoke(certificate.pk, "key_compromise", actor=actor, now=now)
        services.publish_crl(certificate.issuing_ca, now=now)

    forgetting(raise_and_publish)
    assert found(mend=True, now=now) == [(Kind.NOT_REVOKED, "fixed")]
    certificate.refresh_from_db()
    assert certificate.revocation_reason == "key_compromise"
    assert services.is_blocked(certificate.spki_sha256)
    assert found(now=now) == []


def test_a_certificate_and_its_revocation_come_back_in_one_go(
    approved: PreparedCertificate, now: datetime
) -> None:
    def issue_and_revoke() -> None:
        issued = services.issue(approved.reference, now=now)
        assert issued is not None
        services.revoke(issued.pk, "superseded", actor=system("test"), now=now)
        services.publish_crl(issued.issuing_ca, now=now)

    forgetting(issue_and_revoke)
    kinds = [(Kind.NOT_STORED, "fixed"), (Kind.NOT_REVOKED, "fixed")]
    assert found(mend=True, now=now) == kinds
    assert Certificate.objects.get().state == "revoked"


def test_signing_that_stopped_midway_is_opened_again(
    approved: PreparedCertificate, now: datetime
) -> None:
    def gone(ca: IssuingCA) -> None:
        if calls:
            raise SignerUnavailable("pulled out")
        calls.append(ca)

    calls: list[IssuingCA] = []
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=gone)  # type: ignore[arg-type]
    assert found(now=now) == [(Kind.SIGNING_IDLE, "not fixed")]
    assert found(mend=True, now=now) == [(Kind.SIGNING_IDLE, "fixed")]
    (item,) = OutboxItem.objects.filter(topic="certificate.confirmed")
    assert item.payload == {"reference": str(approved.reference)}
    assert found(now=now) == [], "work that is open needs no mending"
    outbox.finish(item, now=now)
    assert found(now=now) == [(Kind.SIGNING_IDLE, "not fixed")]
    outbox.enqueue("certificates.confirmed", now=now, references=[str(approved.reference)])
    assert found(now=now) == [], "nor does work on many at once"


def test_what_the_journal_lacks_is_named(certificate: Certificate, now: datetime) -> None:
    journal.path(CA).unlink()
    assert found(mend=True, now=now) == [(Kind.NOT_JOURNALLED, "look at it")]


def test_damage_to_the_journal_is_named(certificate: Certificate, now: datetime) -> None:
    with journal.path(CA).open("ab") as file:
        file.write(b"not a line\n")
    assert found(mend=True, now=now) == [(Kind.JOURNAL_DAMAGED, "look at it")]


def test_the_command_lists_and_mends(approved: PreparedCertificate, now: datetime) -> None:
    forgetting(lambda: services.issue(approved.reference, now=now))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("reconcile", stdout=out)
    assert in_journal(approved.reference).serial in out.getvalue()
    assert "1 differences, 1 left" in out.getvalue()
    call_command("reconcile", "--mend", stdout=out)
    assert "1 differences, 0 left" in out.getvalue()
    call_command("reconcile", stdout=out)
    assert "0 differences, 0 left" in out.getvalue()


def test_the_daily_run_raises_an_alarm_until_nothing_differs(
    approved: PreparedCertificate, now: datetime
) -> None:
    forgetting(lambda: services.issue(approved.reference, now=now))
    reconcile()
    assert sounds("reconcile")
    assert not Certificate.objects.exists(), "an operator looks first"
    with pytest.raises(SystemExit):
        call_command("reconcile", stdout=StringIO())
    assert sounds("reconcile")
    call_command("reconcile", "--mend", stdout=StringIO())
    assert not sounds("reconcile")
    reconcile()
    assert not sounds("reconcile")


def test_a_daily_run_that_fails_raises_the_alarm(certificate: Certificate, now: datetime) -> None:
    path = journal.path(CA)
    aside = path.rename(path.with_name("aside"))
    path.mkdir()  # what no disk can read
    with pytest.raises(OSError):
        reconcile()
    assert sounds("reconcile")
    path.rmdir()
    aside.rename(path)
    reconcile()
    assert not sounds("reconcile")


def test_the_daily_run_is_acknowledged_at_its_start_and_dropped_by_the_morning() -> None:
    """A run longer than the visibility timeout of the broker would be delivered again."""
    assert reconcile.acks_late is False
    assert BEAT_SCHEDULE["reconcile"]["options"]["queue"] == "ca"


def test_a_revocation_that_waits_for_the_next_list_is_no_difference(
    certificate: Certificate, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    reconcile()
    assert not sounds("reconcile")
