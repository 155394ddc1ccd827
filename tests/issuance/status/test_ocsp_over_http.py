"""How the front answers a client over HTTP, and what caches are told."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography.x509 import ocsp as library

from certportal.foundation.actors import system
from issuance import services
from issuance.certificate.plan import new_serial
from issuance.models import Certificate, IssuingCA
from issuance.publication import ask_worker, front
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.status.asking import STEM, ask, headers, number, said
from tests.issuance.status.requests import request

pytestmark = pytest.mark.usefixtures("moment", "nobody_signs")
TEST = system("test")
HOUR = timedelta(hours=1)


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
