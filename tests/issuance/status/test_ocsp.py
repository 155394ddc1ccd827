"""What the responder says of each certificate, as `openssl ocsp` and a library read it."""

import base64
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import ocsp as library
from cryptography.x509.oid import ExtendedKeyUsageOID

from certportal.dev.builders.hierarchy import Place, add_ca
from certportal.foundation import clock, own_files
from certportal.foundation.actors import system
from certportal.foundation.models import Event, OutboxItem
from certportal.foundation.outbox import outbox
from issuance import journal, services, tasks
from issuance.certificate.plan import new_serial, serial_hex
from issuance.models import Certificate, IssuingCA, OcspResponder
from issuance.publication import ask_worker, front, ocsp_packs, repository
from issuance.services.errors import NotReconciled
from issuance.services.recovery.compare import Kind, compare
from issuance.services.signer import signer_for
from issuance.services.status import publish_ocsp
from issuance.services.status.freshness import late_responses
from issuance.services.status.ocsp_responders import journal_of, responder_for
from issuance.services.status.publish_ocsp import publish_response_with, refresh_responses
from issuance.signers import Signer, SignerUnavailable
from tests.issuance.status.conftest import Issue
from tests.issuance.status.lists import forget_revocation
from tests.issuance.status.requests import one, request, wrapped

STEM = "sote-ec-1"
TEST = system("test")
HOUR = timedelta(hours=1)

type Response = library.OCSPResponse


def number(certificate: Certificate) -> int:
    return int(certificate.serial, 16)


def ask(data: bytes, stem: str = STEM, method: str = "POST", **more: Any) -> front.Answer:
    """Ask as a client does, right in this process."""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": f"/ocsp/{stem}", **more}
    if method == "POST":
        environ |= {"CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}
    else:
        environ["PATH_INFO"] += "/" + base64.b64encode(data).decode()
    answered = front.answer(environ)
    assert answered is not None
    return answered


def said(answered: front.Answer) -> Response:
    return library.load_der_ocsp_response(b"".join(answered.body))


def status_of(certificate: Certificate, algorithm: str = "sha1") -> Response:
    ca = certificate.issuing_ca
    return said(ask(request(ca.certificate, number(certificate), algorithm), ca.stem))


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """The clock of the web process; call it to move the hands."""

    def move(to: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: to)

    move(now)
    return move


@pytest.fixture(autouse=True)
def nobody_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No `ca` worker answers: what these tests see was signed ahead."""
    monkeypatch.setattr(ask_worker, "ask", lambda stem, request: None)


@pytest.mark.parametrize("algorithm", publish_ocsp.SIGNED_AHEAD)
def test_an_issued_certificate_is_good(
    certificate: Certificate, now: datetime, algorithm: str
) -> None:
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate, algorithm)
    assert told.certificate_status == library.OCSPCertStatus.GOOD
    assert (told.serial_number, told.hash_algorithm.name) == (number(certificate), algorithm)
    assert (told.produced_at_utc, told.next_update_utc) == (now, now + 48 * HOUR)
    assert told.this_update_utc == now - timedelta(minutes=5)


def test_a_revoked_one_is_revoked_at_once_with_its_reason(
    certificate: Certificate, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED
    assert told.revocation_reason == x509.ReasonFlags.superseded
    assert told.revocation_time_utc == told.this_update_utc == now


def test_issuing_and_revoking_have_the_status_signed(settings: Any) -> None:
    """The tasks themselves run in test_ocsp_served, by a real worker."""
    for topic in ("certificate.issued", "certificate.revoked"):
        assert ("issuance.publish_ocsp", "ca") in settings.OUTBOX_ROUTES[topic]
    assert settings.CELERY_BEAT_SCHEDULE["refresh-ocsp"]["options"]["queue"] == "ca"


def test_every_answer_is_signed_by_a_delegated_responder(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    for stem in ("sote-ec-1", "sote-rsa-1"):
        ca = cas[stem]
        der = services.answer(stem, request(ca.certificate, new_serial()), now=now)
        (responder,) = (told := library.load_der_ocsp_response(der)).certificates
        responder.verify_directly_issued_by(ca.certificate)
        key, algorithm = responder.public_key(), told.signature_hash_algorithm
        assert algorithm is not None
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(told.signature, told.tbs_response_bytes, ECDSA(algorithm))
        else:
            assert isinstance(key, RSAPublicKey)
            key.verify(told.signature, told.tbs_response_bytes, PKCS1v15(), algorithm)
        found = responder.extensions
        usage = found.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
        assert found.get_extension_for_class(x509.OCSPNoCheck)
        assert not found.get_extension_for_class(x509.BasicConstraints).value.ca
        assert responder.not_valid_after_utc == now + timedelta(days=14)


def test_a_responder_is_kept_for_a_week_and_every_one_of_them_is_known(
    cas: dict[str, IssuingCA], now: datetime
) -> None:
    first = responder_for(cas[STEM], now=now)
    assert responder_for(cas[STEM], now=now + timedelta(days=6)) is first
    second = responder_for(cas[STEM], now=now + timedelta(days=8))
    assert second.private_key != first.private_key
    serials = [serial_hex(each.chain[0].serial_number) for each in (first, second)]
    assert [each.serial for each in OcspResponder.objects.order_by("pk")] == serials
    assert [each.serial for each in journal.entries(journal_of(cas[STEM]))] == serials
    events = Event.objects.filter(action="issuance.ocsp_responder").order_by("id")
    assert [event.data["serial"] for event in events] == serials
    ca = cas[STEM]
    asked = request(ca.certificate, first.chain[0].serial_number)
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert told.certificate_status == library.OCSPCertStatus.GOOD


def test_a_token_that_is_away_is_not_missed_for_a_week(
    certificate: Certificate, now: datetime, moment: Callable[[datetime], None]
) -> None:
    """Even if it goes on the day on which the responder was to be renewed."""

    def away(ca: IssuingCA) -> Signer:
        raise SignerUnavailable(ca.stem)

    def end_of_the_responder(told: Response) -> datetime:
        return told.certificates[0].not_valid_after_utc

    publish_response_with(certificate.pk, now=now)
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    for days in (6, 8, 13):
        day = now + timedelta(days=days)
        moment(day)
        publish_response_with(certificate.pk, now=day, load_signer=away)
        told = status_of(certificate)
        assert told.certificate_status == library.OCSPCertStatus.REVOKED
        assert told.next_update_utc is not None
        assert told.next_update_utc <= end_of_the_responder(told) == now + timedelta(days=14)
    with pytest.raises(SignerUnavailable):
        publish_response_with(certificate.pk, now=now + timedelta(days=14), load_signer=away)
    publish_response_with(certificate.pk, now=day)
    assert end_of_the_responder(status_of(certificate)) == day + timedelta(days=14)


def test_a_responder_never_outlives_its_ca_nor_a_response_its_responder(
    ca: IssuingCA, now: datetime
) -> None:
    end = ca.certificate.not_valid_after_utc
    late = end - HOUR
    responder = responder_for(ca, now=late)
    assert responder.chain[0].not_valid_after_utc == end
    assert responder_for(ca, now=late) is responder
    der = services.answer(STEM, request(ca.certificate, ca.certificate.serial_number), now=late)
    assert library.load_der_ocsp_response(der).next_update_utc == late + publish_ocsp.UNKNOWN_FOR
    with pytest.raises(SignerUnavailable):
        responder_for(ca, now=end + HOUR)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_a_number_never_issued_is_unknown_and_for_minutes_only(
    ca: IssuingCA, now: datetime, algorithm: str
) -> None:
    serial = new_serial()
    asked = request(ca.certificate, serial, algorithm)
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert told.certificate_status == library.OCSPCertStatus.UNKNOWN
    assert (told.serial_number, told.hash_algorithm.name) == (serial, algorithm)
    assert told.next_update_utc == now + timedelta(minutes=5)


def test_on_demand_every_certificate_of_a_request_is_told_of(
    issue: Issue, ca: IssuingCA, now: datetime
) -> None:
    good, revoked = issue(), issue()
    services.revoke(revoked.pk, "key_compromise", actor=TEST, now=now)
    numbers = [number(good), number(revoked), 7]
    asked = wrapped(*(one(ca.certificate, serial) for serial in numbers))
    told = library.load_der_ocsp_response(services.answer(STEM, asked, now=now))
    assert [(each.serial_number, each.certificate_status.name) for each in told.responses] == [
        (number(good), "GOOD"),
        (number(revoked), "REVOKED"),
        (7, "UNKNOWN"),
    ]


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


def test_another_cas_certificate_is_none_of_its_business(
    certificate: Certificate, cas: dict[str, IssuingCA], now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    asked = request(cas["sote-rsa-1"].certificate, number(certificate))
    told = said(ask(asked))
    assert told.response_status == library.OCSPResponseStatus.UNAUTHORIZED
    der = services.answer(STEM, asked, now=now)
    status = library.load_der_ocsp_response(der).response_status
    assert status == library.OCSPResponseStatus.UNAUTHORIZED


def test_a_database_that_has_forgotten_a_revocation_does_not_undo_it(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    services.publish_crl(ca, now=now)
    forget_revocation(certificate)
    publish_response_with(certificate.pk, now=now)
    told = status_of(certificate)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED
    assert told.revocation_reason == x509.ReasonFlags.superseded
    assert told.revocation_time_utc == now
    der = services.answer(STEM, request(ca.certificate, number(certificate)), now=now)
    told = library.load_der_ocsp_response(der)
    assert told.certificate_status == library.OCSPCertStatus.REVOKED


def test_what_only_the_journal_knows_is_not_called_unknown(ca: IssuingCA, now: datetime) -> None:
    serial = new_serial()
    lost = journal.Entry("x" * 36, 1, serial_hex(serial), b"der", {})
    journal.ensure_room(STEM)
    journal.append(STEM, [lost])
    with pytest.raises(NotReconciled):
        services.answer(STEM, request(ca.certificate, serial), now=now)


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


def test_a_list_that_was_lost_still_revokes_by_the_last_one_kept(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    services.publish_crl(ca, now=now)
    forget_revocation(certificate)
    repository.crl_path(STEM).unlink()
    publish_response_with(certificate.pk, now=now)
    assert status_of(certificate).certificate_status == library.OCSPCertStatus.REVOKED
    assert [each.kind for each in compare(ca)] == [Kind.NOT_REVOKED]


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
    assert late_responses(now) == [STEM]
    publish_response_with(first.pk, now=now)
    assert late_responses(now) == []
    second = issue()
    publish_response_with(second.pk, now=now + 20 * HOUR)
    assert late_responses(now + 24 * HOUR) == []
    assert late_responses(now + 25 * HOUR) == [STEM]
    refresh_responses(now=now + 25 * HOUR)
    assert late_responses(now + 25 * HOUR) == []
    assert late_responses(second.not_after + HOUR) == []


def test_a_ca_without_a_signer_keeps_no_other_back(certificate: Certificate, now: datetime) -> None:
    """Every CA is gone through, and the failure is told."""

    def signer_but_of_rsa(ca: IssuingCA) -> Signer:
        if ca.stem == "sote-rsa-1":
            raise SignerUnavailable(ca.stem)
        return signer_for(ca)

    ocsp_packs.write("sote-rsa-1", "ABC", now - 47 * HOUR, now + HOUR, {("sha1", 1): b"old"})
    with pytest.raises(ExceptionGroup):
        refresh_responses(now=now, load_signer=signer_but_of_rsa)
    assert status_of(certificate).certificate_status == library.OCSPCertStatus.GOOD


def test_generations_answer_for_their_own_until_the_last_certificate_ends(
    issue: Issue, ca: IssuingCA, now: datetime, moment: Callable[[datetime], None]
) -> None:
    old = issue()
    add_ca(Place("production", "ec", 2))
    new = issue()
    ca.refresh_from_db()
    assert (ca.state, new.issuing_ca.stem) == (IssuingCA.State.RETIRED, "sote-ec-2")
    for days in (0, 200, 364):
        moment(now + timedelta(days=days))
        refresh_responses(now=now + timedelta(days=days))
        for certificate in (old, new):
            told = status_of(certificate)
            assert told.certificate_status == library.OCSPCertStatus.GOOD
            assert told.produced_at_utc == now + timedelta(days=days)
    services.revoke(old.pk, "key_compromise", actor=TEST, now=now)
    publish_response_with(old.pk, now=now)
    moment(now)
    assert status_of(old).certificate_status == library.OCSPCertStatus.REVOKED
    assert status_of(new).certificate_status == library.OCSPCertStatus.GOOD
    crossed = said(ask(request(ca.certificate, number(old)), "sote-ec-2"))
    assert crossed.response_status == library.OCSPResponseStatus.UNAUTHORIZED


# ------------------------------------------------------------------ over HTTP


def headers(answered: front.Answer) -> dict[str, str]:
    return dict(answered.headers)


def test_get_and_post_say_the_same_and_caches_are_told_how_long(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    asked = request(ca.certificate, number(certificate))
    posted, got = ask(asked), ask(asked, method="GET")
    assert posted == got
    told = headers(got)
    assert (got.status, told["Content-Type"]) == ("200 OK", "application/ocsp-response")
    assert told["Cache-Control"] == "max-age=60, public, no-transform, must-revalidate"
    assert told["Last-Modified"] == "Wed, 25 Nov 2026 08:30:15 GMT"
    assert told["Expires"] == "Wed, 25 Nov 2026 08:31:15 GMT"
    assert int(told["Content-Length"]) == len(b"".join(got.body))
    head = ask(asked, method="HEAD")
    assert (headers(head), list(head.body)) == (told, [])


def test_who_has_the_response_is_told_so(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    asked = request(ca.certificate, number(certificate))
    told = headers(ask(asked, method="GET"))
    for known in (
        {"HTTP_IF_NONE_MATCH": told["ETag"]},
        {"HTTP_IF_NONE_MATCH": f'"other", W/{told["ETag"]}'},
        {"HTTP_IF_NONE_MATCH": "*"},
    ):
        answered = ask(asked, method="GET", **known)
        assert (answered.status, list(answered.body)) == ("304 Not Modified", [])
    other = ask(asked, method="GET", HTTP_IF_NONE_MATCH='"other"')
    assert other.status == "200 OK"
    assert ask(asked, HTTP_IF_NONE_MATCH=told["ETag"]).status == "200 OK"


def test_a_revocation_within_the_second_is_told_whatever_date_the_client_has(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    asked = request(ca.certificate, number(certificate))
    told = headers(ask(asked, method="GET"))
    services.revoke(certificate.pk, "superseded", actor=TEST, now=now)
    publish_response_with(certificate.pk, now=now)
    again = ask(asked, method="GET", HTTP_IF_MODIFIED_SINCE=told["Last-Modified"])
    assert said(again).certificate_status == library.OCSPCertStatus.REVOKED


def test_who_wants_headers_only_has_nothing_signed(
    ca: IssuingCA, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed: list[str] = []
    monkeypatch.setattr(ask_worker, "ask", lambda stem, request: signed.append(stem))
    for data in (request(ca.certificate, new_serial()), b"nonsense"):
        answered = ask(data, method="HEAD")
        assert (answered.status, list(answered.body)) == ("200 OK", [])
        assert headers(answered)["Content-Type"] == "application/ocsp-response"
    assert signed == []


@pytest.mark.parametrize("path", ["/ocsp/{}", "/crl/{}.crl", "/ca/{}.crt"])
def test_a_name_too_long_for_a_file_is_nobody_s(path: str) -> None:
    long = path.format("a" * 300)
    assert front.answer({"REQUEST_METHOD": "GET", "PATH_INFO": long}) is None


def test_a_path_may_be_quoted_by_halves(
    certificate: Certificate, ca: IssuingCA, now: datetime
) -> None:
    publish_response_with(certificate.pk, now=now)
    data = request(ca.certificate, number(certificate))
    text = base64.b64encode(data).decode()
    for path in (text, text.replace("+", " "), text.rstrip("=")):
        answered = front.answer({"REQUEST_METHOD": "GET", "PATH_INFO": f"/ocsp/{STEM}/{path}"})
        assert answered is not None
        assert said(answered).certificate_status == library.OCSPCertStatus.GOOD
    assert quote(text, safe="") != text


def test_a_response_that_has_ended_is_never_handed_out(
    certificate: Certificate, ca: IssuingCA, now: datetime, moment: Callable[[datetime], None]
) -> None:
    publish_response_with(certificate.pk, now=now)
    end = now + 48 * HOUR
    moment(end - timedelta(seconds=9))
    answered = ask(request(ca.certificate, number(certificate)))
    assert headers(answered)["Cache-Control"].startswith("max-age=9,")
    moment(end)
    answered = ask(request(ca.certificate, number(certificate)))
    assert said(answered).response_status == library.OCSPResponseStatus.TRY_LATER
    assert headers(answered)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "data", "status"),
    [
        ("POST", b"", "MALFORMED_REQUEST"),
        ("POST", b"nonsense", "MALFORMED_REQUEST"),
        ("POST", b"\x30" * 100_000, "MALFORMED_REQUEST"),
        ("GET", b"", "MALFORMED_REQUEST"),
        ("GET", b"nonsense", "MALFORMED_REQUEST"),
    ],
)
def test_nonsense_is_answered_in_ocsp(ca: IssuingCA, method: str, data: bytes, status: str) -> None:
    answered = ask(data, method=method)
    assert (answered.status, said(answered).response_status.name) == ("200 OK", status)
    assert headers(answered)["Cache-Control"] == "no-store"


def test_what_is_no_base64_and_what_asks_for_no_ca_is_refused(ca: IssuingCA) -> None:
    for path, status in ((f"/ocsp/{STEM}/%%%", "200 OK"), ("/ocsp/none", "404 Not Found")):
        answered = front.answer({"REQUEST_METHOD": "GET", "PATH_INFO": path})
        assert answered is not None
        assert answered.status == status
    answered = front.answer({"REQUEST_METHOD": "PUT", "PATH_INFO": f"/ocsp/{STEM}"})
    assert answered is not None
    assert (answered.status, headers(answered)["Allow"]) == (
        "405 Method Not Allowed",
        "GET, HEAD, POST",
    )
    assert front.answer({"REQUEST_METHOD": "GET", "PATH_INFO": "/ocsp/../crl"}) is None


def test_questions_to_the_signer_are_rationed() -> None:
    allowance = ask_worker.Allowance(a_second=0, at_once=2)
    seen = []
    for _ in range(3):
        with allowance.take() as may:
            seen.append(may)
    assert seen == [True, True, False]
    plenty = ask_worker.Allowance()
    with plenty.take() as first, plenty.take() as second:
        assert (first, second) == (True, False)
