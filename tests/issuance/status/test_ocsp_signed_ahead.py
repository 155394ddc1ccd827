"""Responses are signed ahead, and anew long before they end."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.x509 import ocsp as library

from certportal.foundation import own_files
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import services, tasks
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs
from issuance.services.status.freshness import FIRST_RESPONSES, late_responses
from issuance.services.status.publish_ocsp import publish_response_with, refresh_responses
from tests.issuance.status.asking import STEM, number, status_of
from tests.issuance.status.conftest import Issue
from tests.issuance.status.requests import request

pytestmark = pytest.mark.usefixtures("moment", "nobody_signs")
TEST = system("test")
HOUR = timedelta(hours=1)


def test_issuing_and_revoking_have_the_status_signed(settings: Any) -> None:
    """The tasks themselves run in test_ocsp_served, by a real worker."""
    for topic in ("certificate.issued", "certificate.revoked"):
        assert ("issuance.publish_ocsp", "ca") in settings.OUTBOX_ROUTES[topic]
    assert settings.CELERY_BEAT_SCHEDULE["refresh-ocsp"]["options"]["queue"] == "ca"


def test_an_ended_certificate_is_told_of_on_demand_alone(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    assert list(ocsp_packs.names(STEM))
    after = certificate.not_after + HOUR
    refresh_responses(now=after)
    assert not list(ocsp_packs.names(STEM))
    asked = request(ca.certificate, number(certificate))
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=after))
    assert told.certificate_status == library.OCSPCertStatus.GOOD


def test_responses_are_signed_anew_long_before_they_end(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    refresh_responses(now=now)
    for hours, produced in ((11, 0), (13, 13), (24, 13), (26, 26)):
        refresh_responses(now=now + hours * HOUR)
        assert status_of(certificate).produced_at_utc == now + produced * HOUR


def test_a_pack_that_is_missing_or_broken_is_made_anew(
    certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    file = ocsp_packs.path(STEM, ocsp_packs.name_of(certificate.serial))
    whole = file.read_bytes()
    for damage in (b"", whole[:-1], whole[:40], b"{}\n", b'{"sizes": 3}\n', b"[]\n"):
        file.write_bytes(damage)
        assert status_of(certificate).response_status == library.OCSPResponseStatus.TRY_LATER
        refresh_responses(now=now)
        assert status_of(certificate).certificate_status == library.OCSPCertStatus.GOOD


def test_a_revocation_is_signed_though_its_own_work_failed_for_good(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now + timedelta(minutes=1))
    refresh_responses(now=now + timedelta(minutes=5))
    assert status_of(certificate).certificate_status == library.OCSPCertStatus.REVOKED


def test_what_was_signed_while_the_clock_ran_ahead_is_signed_anew(
    certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now + 24 * HOUR)
    assert late_responses(now) == [STEM]  # the clock was put back
    refresh_responses(now=now)
    assert late_responses(now) == []
    assert status_of(certificate).produced_at_utc == now


def test_a_revocation_dated_ahead_is_told_at_once(certificate: Certificate, now: datetime) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now + 24 * HOUR)
    publish_response_with(certificate.pk, now=now)  # the clock was put back
    told = status_of(certificate)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED
    assert told.this_update_utc == now
    refresh_responses(now=now + HOUR)
    assert status_of(certificate).produced_at_utc == now


def test_what_its_pack_tells_already_is_not_signed_again(
    certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    publish_response_with(certificate.pk, now=now + timedelta(minutes=1))
    assert status_of(certificate).produced_at_utc == now


@pytest.mark.parametrize("task", [tasks.publish_ocsp, tasks.publish_crl])
def test_a_disk_that_takes_nothing_is_tried_until_it_does(
    certificate: Certificate, now: datetime, monkeypatch: pytest.MonkeyPatch, task: Any
) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(own_files, "replace", full)
    OutboxItem.objects.all().delete()
    outbox.enqueue("certificate.revoked", now=now, certificate_id=certificate.pk, reference="")
    item = OutboxItem.objects.filter(task=task.name).get()
    OutboxItem.objects.update(attempts=outbox.MOST_ATTEMPTS + 1)
    task(item=str(item.pk))
    item.refresh_from_db()
    assert item.failed_at is None


def test_in_one_go_only_so_much_is_signed(issue: Issue, ca: IssuingCA, now: datetime) -> None:
    names = {ocsp_packs.name_of(issue().serial) for _ in range(3)}
    rounds = 0
    while refresh_responses(now=now, most=1):
        rounds += 1
        ca.refresh_from_db()
    assert rounds == len(names)
    assert set(ocsp_packs.names(STEM)) == names
    ca.refresh_from_db()
    assert ca.ocsp_next_update == now + 48 * HOUR


def test_monitoring_is_told_a_day_before_responses_end(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    first = issue()
    assert late_responses(now) == []  # they are signed in a moment
    assert late_responses(now + FIRST_RESPONSES + timedelta(seconds=1)) == [STEM]
    publish_response_with(first.pk, now=now)
    assert late_responses(now) == []
    second = issue()
    publish_response_with(second.pk, now=now + 20 * HOUR)
    assert late_responses(now + 24 * HOUR) == []
    assert late_responses(now + 25 * HOUR) == [STEM]
    refresh_responses(now=now + 25 * HOUR)
    assert late_responses(now + 25 * HOUR) == []
    assert late_responses(second.not_after + HOUR) == []
