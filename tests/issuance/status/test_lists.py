"""What stands on a list, and that no failure makes it worse than the one being served."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import SignatureAlgorithmOID
from django.conf import settings

from certportal.foundation.actors import system
from certportal.foundation.models import Event
from issuance import algorithms, services
from issuance.authority import crl
from issuance.certificate.plan import new_serial
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services.signer import signer_for
from issuance.services.status.freshness import foreign_lists, late_lists
from issuance.services.status.publish_crl import publish_crl_with
from tests.issuance.status.conftest import Issue
from tests.issuance.status.lists import forget_revocation

STEM = "sote-ec-1"
TEST = system("test")


def listed() -> dict[int, x509.RevokedCertificate]:
    made = x509.load_der_x509_crl(repository.crl_path(STEM).read_bytes())
    return {entry.serial_number: entry for entry in made}


def number(certificate: Certificate) -> int:
    return int(certificate.serial, 16)


def revoke(certificate: Certificate, now: datetime, reason: str = "superseded") -> None:
    services.revoke(certificate.pk, reason, actor=TEST, now=now)


def test_many_revocations_at_once_make_one_list(issue: Issue, ca: IssuingCA, now: datetime) -> None:
    three = [issue() for _ in range(3)]
    for certificate in three:
        revoke(certificate, now)
    assert publish_crl_with(three[0].pk, now=now) is not None
    assert listed().keys() == {number(each) for each in three}
    assert [publish_crl_with(each.pk, now=now) for each in three] == [None] * 3


def test_a_raised_reason_makes_a_new_list(issue: Issue, ca: IssuingCA, now: datetime) -> None:
    certificate = issue()
    revoke(certificate, now)
    publish_crl_with(certificate.pk, now=now)
    revoke(certificate, now + timedelta(hours=1), "key_compromise")
    assert publish_crl_with(certificate.pk, now=now) is not None
    (entry,) = listed().values()
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert (reason, entry.revocation_date_utc) == (x509.ReasonFlags.key_compromise, now)


def test_a_list_that_the_hourly_runs_have_missed_is_made_within_minutes(
    ca: IssuingCA, cas: dict[str, IssuingCA], now: datetime
) -> None:
    """The signer or its key was away; the lists may have ended meanwhile."""
    entry = settings.CELERY_BEAT_SCHEDULE["publish-overdue-crls"]
    assert (entry["schedule"], entry["options"]["queue"]) == (600, "ca")

    def renewed(at: datetime) -> set[str]:
        before = {stem: repository.crl_number(stem) for stem in cas}
        services.publish_overdue_crls(now=at)
        return {stem for stem in cas if repository.crl_number(stem) != before[stem]}

    services.publish_crls(now=now)
    assert renewed(now + timedelta(minutes=70)) == set()
    away = now + timedelta(days=3)
    services.publish_crl(ca, now=away - timedelta(minutes=30))
    assert renewed(away) == set(cas) - {STEM}
    repository.crl_path(STEM).write_bytes(b"damaged")
    assert renewed(away) == {STEM}
    assert not set(late_lists(away)) & set(cas)
    IssuingCA.objects.filter(pk=ca.pk).update(crl_compared_at=None)  # the last list differed
    assert renewed(away + timedelta(days=1)) == set(cas) - {STEM}


def test_a_list_dated_ahead_is_made_anew_within_minutes(ca: IssuingCA, now: datetime) -> None:
    """Before the clock was set back; relying parties refuse it until then."""
    services.publish_crl(ca, now=now + timedelta(hours=3))
    services.publish_overdue_crls(now=now)
    served = repository.served_crl(STEM)
    assert served is not None
    assert served.facts.this_update <= now


def test_what_was_revoked_stays_so_though_the_database_has_forgotten_it(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    lost, kept, late = issue(), issue(), issue()
    revoke(lost, now)
    revoke(kept, now)
    services.publish_crl(ca, now=now)
    forget_revocation(lost)
    revoke(late, now)
    services.publish_crl(ca, now=now)
    assert listed().keys() == {number(each) for each in (lost, kept, late)}
    event = Event.objects.filter(action="issuance.crl").latest("id")
    assert (event.data["entries"], event.data["carried"]) == (3, 1)
    revoke(lost, now)  # reconciled
    services.publish_crl(ca, now=now)
    assert len(listed()) == 3
    assert Event.objects.filter(action="issuance.crl").latest("id").data["carried"] == 0


def test_a_clock_that_ran_ahead_takes_nothing_off_the_list(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    certificate = issue()
    revoke(certificate, now)
    services.publish_crl(ca, now=now)
    ahead = certificate.not_after + timedelta(days=400)
    services.publish_crl(ca, now=ahead)
    assert STEM in late_lists(now)  # the clock was put back
    services.publish_crl(ca, now=now + timedelta(hours=1))
    assert STEM not in late_lists(now + timedelta(hours=1))
    assert listed().keys() == {number(certificate)}


def test_an_entry_that_is_not_of_its_certificate_stops_the_list(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    certificate = issue()
    revoke(certificate, now)
    foreign = crl.entry(new_serial(), now, x509.ReasonFlags.superseded, None)
    Certificate.objects.filter(pk=certificate.pk).update(crl_entry=foreign)
    before = repository.crl_path(STEM).read_bytes()
    with pytest.raises(crl.CrlRefused):
        services.publish_crl(ca, now=now)
    assert repository.crl_path(STEM).read_bytes() == before


def test_a_list_that_lacks_an_entry_is_not_published(ca: IssuingCA, now: datetime) -> None:
    entry = crl.entry(new_serial(), now, x509.ReasonFlags.superseded, None)
    facts = crl.CrlFacts(7, now, now + timedelta(hours=48))
    whole, empty = (crl.make(parts, facts, signer_for(ca)) for parts in ([entry], []))
    crl.check(whole, ca.certificate, after=6, now=now, entries=[entry])
    with pytest.raises(crl.CrlRefused, match="collected"):
        crl.check(empty, ca.certificate, after=6, now=now, entries=[entry])
    with pytest.raises(crl.CrlRefused, match="above"):
        crl.check(whole, ca.certificate, after=7, now=now, entries=[entry])
    for wrong in (now - timedelta(seconds=1), now + timedelta(hours=48)):
        with pytest.raises(crl.CrlRefused, match="current"):
            crl.check(whole, ca.certificate, after=6, now=wrong, entries=[entry])


def test_the_last_lists_are_kept_under_their_numbers(
    ca: IssuingCA, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "CRLS_KEPT", 3)
    numbers = [services.publish_crl(ca, now=now).number for _ in range(5)]
    kept = sorted(repository.kept_crls(STEM).iterdir())
    assert [int(path.stem) for path in kept] == numbers[-3:]
    assert kept[-1].read_bytes() == repository.crl_path(STEM).read_bytes()


def test_a_list_signed_before_the_one_published_last_is_not_published(
    ca: IssuingCA, now: datetime
) -> None:
    early = services.publish_crl(ca, now=now).number
    signed_early = repository.crl_path(STEM).read_bytes()
    services.publish_crl(ca, now=now)
    served = repository.crl_path(STEM).read_bytes()
    with pytest.raises(repository.Overtaken):
        repository.publish_list(STEM, early, signed_early)
    assert repository.crl_path(STEM).read_bytes() == served


@pytest.mark.parametrize("damage", [b"", b"\x30\x03\x02\x01\x05", b"nonsense"])
def test_a_damaged_file_is_replaced_and_loses_no_revocation(
    issue: Issue, ca: IssuingCA, now: datetime, damage: bytes
) -> None:
    certificate = issue()
    revoke(certificate, now)
    last = services.publish_crl(ca, now=now).number
    repository.crl_path(STEM).write_bytes(damage)
    forget_revocation(certificate)
    assert services.publish_crl(ca, now=now).number > last
    assert listed().keys() == {number(certificate)}


def test_serials_of_any_length_are_found_in_joined_entries(now: datetime) -> None:
    serials = [1, 0x80, 0xFFFF, new_serial(), 2**159 - 1]
    flags, since = x509.ReasonFlags.key_compromise, now - timedelta(days=1)
    entries = [crl.entry(serial, now, flags, since) for serial in serials]
    found = crl.by_serial(b"".join(entries))
    assert [int.from_bytes(serial) for serial in found] == serials
    assert list(found.values()) == entries


def test_another_cas_list_in_the_place_hands_no_entry_on(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    revoke(issue(), now)
    services.publish_crl(ca, now=now)
    other = IssuingCA.objects.get(stem="sote-rsa-1")
    place = repository.crl_path(other.stem)
    place.write_bytes(repository.crl_path(STEM).read_bytes())
    assert foreign_lists(now) == [other.stem]
    services.publish_crl(other, now=now + timedelta(minutes=1))
    assert foreign_lists(now + timedelta(minutes=1)) == []
    assert not list(x509.load_der_x509_crl(place.read_bytes()))


def test_a_list_signed_with_a_former_algorithm_is_still_the_cas_own(
    ca: IssuingCA, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = x509.CertificateRevocationListBuilder(
        ca.certificate.subject, now, now + timedelta(days=1)
    ).add_extension(x509.CRLNumber(1), critical=False)
    signed = built.sign(signer_for(ca).private_key, hashes.SHA256())
    parts = crl.take_apart(signed.public_bytes(Encoding.DER))
    assert not crl.is_issued_by(parts, ca.certificate)
    former = algorithms.SignatureAlgorithm(
        SignatureAlgorithmOID.ECDSA_WITH_SHA256,
        hashes.SHA256(),
        bytes.fromhex("300a06082a8648ce3d040302"),
    )
    monkeypatch.setattr(algorithms, "FORMER", (former,))
    assert crl.is_issued_by(parts, ca.certificate)
