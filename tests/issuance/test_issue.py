import hashlib
import importlib
import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from pytest_django import Settings

from accounts.models import Organisation, Person, StaffRole
from certportal.dev.builders import hierarchy, memory
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal, services, signers, tasks
from issuance.authority.sign import SignatureMismatch, sign_certificate
from issuance.keys.policy import spki_sha256
from issuance.models import Certificate, IssuingCA, PreparedCertificate
from issuance.publication.deliverables import deliverables
from issuance.services.issuing.issue_confirmed import NotConfirmed
from issuance.services.signer import signer_for
from issuance.signers import Signer, SignerUnavailable
from tests.issuance.conftest import approve_by
from tests.issuance.csr.builder import rsa_key, rsa_key_with, spki_of
from tests.issuance.orders import lasting_key, server_order
from tests.tables import rewrite


def news(topic: str) -> list[dict[str, object]]:
    """What is told on the topic to the first of the tasks that hear it."""
    first, _ = settings.OUTBOX_ROUTES[topic][0]
    return [item.payload for item in OutboxItem.objects.filter(topic=topic, task=first)]


def test_the_certificate_is_the_approved_bytes_signed(
    approved: PreparedCertificate, now: datetime
) -> None:
    certificate = services.issue(approved.reference, now=now)
    assert certificate is not None
    made = certificate.certificate
    assert made.tbs_certificate_bytes == bytes(approved.tbs)
    made.verify_directly_issued_by(certificate.issuing_ca.certificate)
    assert certificate.sha256 == hashlib.sha256(certificate.der).hexdigest()
    assert certificate.serial == f"{made.serial_number:030X}"


def test_its_row_says_where_it_comes_from(
    certificate: Certificate, approved: PreparedCertificate, pharmacy: Organisation
) -> None:
    assert certificate.prepared == approved
    assert certificate.organisation == pharmacy
    assert (certificate.profile_id, certificate.profile_version) == ("server", 1)
    assert (certificate.environment, certificate.issuing_ca.stem) == ("production", "sote-ec-1")
    approved.refresh_from_db()
    assert approved.state == "issued"


def test_the_news_goes_out_with_it(certificate: Certificate) -> None:
    told = {"reference": str(certificate.reference), "certificate_id": certificate.pk}
    assert news("certificate.issued") == [told]
    actions = Event.objects.order_by("id").values_list("action", flat=True)
    assert list(actions)[-2:] == ["issuance.signing", "issuance.issued"]


def test_the_journal_has_it(certificate: Certificate) -> None:
    (entry,) = journal.entries(certificate.issuing_ca.stem)
    assert entry.der == bytes(certificate.der)
    assert entry.reference == str(certificate.reference)
    assert entry.facts["organisation_id"] == str(certificate.organisation_id)
    assert entry.facts["submission_sha256"] == certificate.prepared.submission_sha256


def test_issuing_again_gives_the_same_certificate(certificate: Certificate, now: datetime) -> None:
    assert services.issue(certificate.reference, now=now) == certificate
    assert len(news("certificate.issued")) == 1
    assert len(list(journal.entries("sote-ec-1"))) == 1


def test_an_rsa_certificate(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy, lasting_key("RSA-2048")), now=now)
    approve_by(riitta, prepared, now)
    certificate = services.issue(prepared.reference, now=now)
    assert certificate is not None
    certificate.certificate.verify_directly_issued_by(cas["sote-rsa-1"].certificate)


def refused(prepared: PreparedCertificate, now: datetime, reason: str) -> None:
    assert services.issue(prepared.reference, now=now) is None
    told = {"reference": str(prepared.reference), "reason": reason}
    assert news("certificate.refused") == [told]
    prepared.refresh_from_db()
    assert (prepared.state, prepared.void_reason) == ("void", reason)
    assert list(journal.entries("sote-ec-1")) == []


def test_not_without_approval(prepared: PreparedCertificate, now: datetime) -> None:
    refused(prepared, now, "approvals_missing")


def test_not_if_the_approver_lost_the_role(
    approved: PreparedCertificate, riitta: Person, now: datetime
) -> None:
    StaffRole.objects.filter(person=riitta).update(ended_at=now)
    refused(approved, now, "approvals_missing")


def test_not_after_the_preparation_expired(approved: PreparedCertificate) -> None:
    refused(approved, approved.expires_at, "expired")


def test_not_if_the_key_was_blocked_meanwhile(approved: PreparedCertificate, now: datetime) -> None:
    services.block_key(approved.spki_sha256, "published", actor=system("test"), now=now)
    refused(approved, now, "key.blocked")


def test_not_if_the_key_was_blocked_meanwhile_with_the_usual_exponent(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    prepared = services.prepare(server_order(pharmacy, rsa_key_with(65539)), now=now)
    approve_by(riitta, prepared, now)
    usual = spki_sha256(spki_of(rsa_key()))
    services.block_key(usual, "published", actor=system("test"), now=now)
    refused(prepared, now, "key.blocked")


def test_not_under_a_ca_retired_meanwhile(approved: PreparedCertificate, now: datetime) -> None:
    IssuingCA.objects.update(state=IssuingCA.State.RETIRED)
    refused(approved, now, "ca_not_active")


def test_not_a_second_certificate_for_one_key(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    key = lasting_key("P-384")
    first, second = (services.prepare(server_order(pharmacy, key), now=now) for _ in range(2))
    for prepared in (first, second):
        approve_by(riitta, prepared, now)
    assert services.issue(first.reference, now=now)
    assert services.issue(second.reference, now=now) is None
    assert news("certificate.refused")[0]["reason"] == "key.in_use"


def test_not_a_second_certificate_for_one_modulus_in_the_same_batch(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    keys = (rsa_key_with(65539), rsa_key())
    both = [services.prepare(server_order(pharmacy, key), now=now) for key in keys]
    for prepared in both:
        approve_by(riitta, prepared, now)
    first, second = services.issue_all([each.reference for each in both], now=now)
    assert (first is None) != (second is None)
    assert news("certificate.refused")[0]["reason"] == "key.in_use"


def test_an_unknown_reference_is_refused(cas: dict[str, IssuingCA], now: datetime) -> None:
    reference = uuid4()
    assert services.issue(reference, now=now) is None
    told = {"reference": str(reference), "reason": "nothing_prepared"}
    assert news("certificate.refused") == [told]


def test_a_missing_key_leaves_the_matter_open(approved: PreparedCertificate, now: datetime) -> None:
    signers.forget()
    signer = hierarchy.issuing(hierarchy.Place("production", "ec"))
    memory.drop("sote-ec-1")
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now)
    approved.refresh_from_db()
    assert approved.state == "prepared"
    memory.put("sote-ec-1", signer)
    assert services.issue(approved.reference, now=now)


def test_another_key_is_never_used_instead(approved: PreparedCertificate, now: datetime) -> None:
    signers.forget()
    memory.put("sote-ec-1", hierarchy.issuing(hierarchy.Place("test", "ec")))
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now)
    assert not Certificate.objects.exists()


def test_bytes_other_than_those_approved_are_not_signed(approved: PreparedCertificate) -> None:
    changed = bytearray(approved.tbs)
    changed[-1] ^= 1
    signer = hierarchy.issuing(hierarchy.Place("production", "ec"))
    with pytest.raises(SignatureMismatch):
        sign_certificate(bytes(changed), approved.tbs_sha256, signer)


def test_another_cas_signature_does_not_pass(approved: PreparedCertificate) -> None:
    other = hierarchy.issuing(hierarchy.Place("test", "ec"))
    with pytest.raises(SignatureMismatch):
        sign_certificate(bytes(approved.tbs), approved.tbs_sha256, other)


def test_a_faulty_signature_does_not_leave_the_worker(approved: PreparedCertificate) -> None:
    own = hierarchy.issuing(hierarchy.Place("production", "ec"))
    other = hierarchy.issuing(hierarchy.Place("test", "ec"))
    with pytest.raises(SignatureMismatch):
        sign_certificate(
            bytes(approved.tbs), approved.tbs_sha256, Signer(own.chain, other.private_key)
        )


def test_a_full_disk_stops_before_signing(
    approved: PreparedCertificate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(stem: str) -> None:
        raise journal.JournalUnavailable("the disk is full")

    monkeypatch.setattr(journal, "ensure_room", full)
    with pytest.raises(Unavailable):
        services.issue(approved.reference, now=now)
    approved.refresh_from_db()
    assert approved.state == "prepared"


def lost(ca: IssuingCA) -> Signer:
    raise SignerUnavailable("pulled out")


def test_a_key_lost_after_the_mark_is_waited_for(
    approved: PreparedCertificate, now: datetime
) -> None:
    calls = []

    def there_then_lost(ca: IssuingCA) -> Signer:
        calls.append(ca)
        return signer_for(ca) if len(calls) == 1 else lost(ca)

    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=there_then_lost)
    approved.refresh_from_db()
    assert approved.state == "signing"
    # days later, though the preparation has expired: it was marked in time
    certificate = services.issue(approved.reference, now=now + timedelta(days=9))
    assert certificate is not None
    assert certificate.certificate.tbs_certificate_bytes == bytes(approved.tbs)


def test_a_key_leaked_while_its_signature_was_awaited_is_revoked_at_once(
    approved: PreparedCertificate, now: datetime
) -> None:
    loaded = iter([signer_for, lost])
    with pytest.raises(SignerUnavailable):
        services.issue(approved.reference, now=now, load_signer=lambda ca: next(loaded)(ca))
    services.report_leaked_key(approved.spki_sha256, actor=system("test"), now=now)
    certificate = services.issue(approved.reference, now=now)
    assert certificate is not None
    assert (certificate.state, certificate.revocation_reason) == ("revoked", "key_compromise")
    assert news("certificate.revoked")


def test_a_certificate_in_the_journal_is_not_signed_again(
    approved: PreparedCertificate, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("issuance.services.issuing.issue")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "store", crash)
        with pytest.raises(KeyboardInterrupt):
            services.issue(approved.reference, now=now)
    (entry,) = journal.entries("sote-ec-1")
    certificate = services.issue(approved.reference, now=now, load_signer=lost)
    assert certificate is not None
    assert bytes(certificate.der) == entry.der


def test_one_that_fails_keeps_none_of_many_back(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts = services.prepare_all([server_order(pharmacy) for _ in range(5)], now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    references = [attempt.reference for attempt in attempts]

    def damaged(tbs: bytes, tbs_sha256: str, signer: Signer) -> bytes:
        wrong = "0" * 64 if tbs_sha256 == attempts[2].tbs_sha256 else tbs_sha256
        return sign_certificate(tbs, wrong, signer)

    with monkeypatch.context() as patch:
        patch.setattr("issuance.services.issuing.sign_attempts.sign_certificate", damaged)
        with pytest.raises(ExceptionGroup) as failed:
            services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert [type(one) for one in failed.value.exceptions] == [SignatureMismatch]
    issued = Certificate.objects.values_list("reference", flat=True)
    assert set(issued) == {*references} - {references[2]}
    services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert Certificate.objects.count() == len(list(journal.entries("sote-ec-1"))) == 5


def test_bytes_that_cannot_be_read_hold_up_no_others(
    cas: dict[str, IssuingCA], pharmacy: Organisation, riitta: Person, now: datetime
) -> None:
    attempts = services.prepare_all([server_order(pharmacy) for _ in range(3)], now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    rewrite(PreparedCertificate.objects.filter(pk=attempts[1].pk), tbs=b"damaged")
    references = [attempt.reference for attempt in attempts]
    with pytest.raises(ExceptionGroup) as failed:
        services.issue_all_confirmed(references, confirmed_at=now, now=now)
    assert [type(one) for one in failed.value.exceptions] == [SignatureMismatch]
    assert Certificate.objects.count() == 2


def test_a_key_lost_after_a_damaged_attempt_sets_nothing_aside(
    cas: dict[str, IssuingCA],
    pharmacy: Organisation,
    riitta: Person,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts = services.prepare_all([server_order(pharmacy) for _ in range(3)], now=now)
    for attempt in attempts:
        approve_by(riitta, attempt, now)
    references = [str(attempt.reference) for attempt in attempts]
    (item,) = outbox.enqueue("certificates.confirmed", now=now, references=references)
    OutboxItem.objects.filter(pk=item.pk).update(attempts=outbox.MOST_ATTEMPTS)
    met = []

    def damaged_then_lost(tbs: bytes, tbs_sha256: str, signer: Signer) -> bytes:
        if tbs_sha256 == attempts[0].tbs_sha256:
            met.append(tbs_sha256)
            return sign_certificate(tbs, "0" * 64, signer)
        return sign_certificate(tbs, tbs_sha256, lost(cas["sote-ec-1"]) if met else signer)

    monkeypatch.setattr(clock, "now", lambda: now)
    monkeypatch.setattr(
        "issuance.services.issuing.sign_attempts.sign_certificate", damaged_then_lost
    )
    tasks.issue_many(item=str(item.pk))
    assert met == [attempts[0].tbs_sha256] * 2, "together, then each by itself"
    item.refresh_from_db()
    assert (item.failed_at, item.done_at, item.problem) == (None, None, "SignerUnavailable")


def test_policy_two_for_production_is_counted_by_the_ca(
    approved: PreparedCertificate, now: datetime, settings: Settings
) -> None:
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    refused(approved, now, "approvals_missing")


def test_a_release_that_waited_for_the_signer_leaves_the_next_attempt_alone(
    prepared: PreparedCertificate, riitta: Person, raimo: Person, now: datetime, settings: Settings
) -> None:
    """It was of an attempt that became void meanwhile; this one has one approval of two."""
    settings.ISSUANCE_APPROVALS = {"production": 2, "test": 1}
    approve_by(riitta, prepared, now)
    reference, earlier = prepared.reference, now - timedelta(minutes=1)
    assert services.issue_confirmed(reference, confirmed_at=earlier, now=now) is None
    services.issue_all_confirmed([reference], confirmed_at=earlier, now=now)
    with pytest.raises(NotConfirmed):
        services.issue_together([reference], confirmed_at=earlier, now=now)
    prepared.refresh_from_db()
    assert (prepared.state, news("certificate.refused")) == ("prepared", [])
    approve_by(raimo, prepared, now)
    assert services.issue_confirmed(reference, confirmed_at=now, now=now) is not None


def test_openssl_accepts_the_chain(certificate: Certificate, tmp_path: Path) -> None:
    begin = b"-----BEGIN"
    parts = deliverables(certificate).chain_pem.split(begin)[1:]
    for name, part in zip(("pem", "issuing_ca", "root"), parts, strict=True):
        (tmp_path / name).write_bytes(begin + part)
    moment = str(int(certificate.not_before.timestamp()) + 60)
    command = "openssl verify -x509_strict -purpose sslserver -CAfile root"
    arguments = [*command.split(), "-untrusted", "issuing_ca", "-attime", moment, "pem"]
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "pem: OK\n", done.stderr
