"""`openssl ocsp` against the real web server and the real `ca` worker."""

import base64
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import celery
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as library
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem
from issuance import services
from issuance.certificate.plan import new_serial
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs
from issuance.services.status.publish_ocsp import publish_response_with
from tests.issuance.conftest import approve_by
from tests.issuance.orders import new_key, server_order
from tests.issuance.status import openssl
from tests.issuance.status.requests import request
from tests.journeys.steps import await_true
from tests.stack import Stack

NO_DATABASE = {"DATABASE_URL": "postgres://nobody@/none?host=/nonexistent"}


@pytest.fixture
def now() -> datetime:
    """This very moment: openssl and the processes read the clock."""
    return clock.now()


def certify(pharmacy: Organisation, riitta: Person, now: datetime, key: str) -> Certificate:
    prepared = services.prepare(server_order(pharmacy, new_key(key)), now=now)
    approve_by(riitta, prepared, now)
    issued = services.issue(prepared.reference, now=now)
    assert issued is not None
    return issued


class Client:
    """`openssl ocsp`, which believes nothing but the root."""

    def __init__(self, folder: Path, base: str) -> None:
        self.folder, self.base = folder, base

    def ask(self, certificate: Certificate, *which: str, status: str) -> str:
        """Ask about the certificate, or what `which` names; the answer must verify."""
        ca = certificate.issuing_ca
        for name, der in (("issuer", ca.certificate), ("root", ca.root), ("leaf", certificate)):
            known = certificate.certificate if name == "leaf" else der
            (self.folder / f"{name}.pem").write_bytes(known.public_bytes(Encoding.PEM))
        asked = [*which[:1], "-issuer", "issuer.pem", *which[1:], "-CAfile", "root.pem"]
        done = openssl.ocsp(*asked, "-url", f"{self.base}/ocsp/{ca.stem}", folder=self.folder)
        assert "Response verify OK" in done.stderr, done.stderr
        assert f": {status}" in done.stdout, done.stdout
        return done.stdout


@pytest.fixture
def service(transactional_db: None, settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """A web server without keys and a `ca` worker with them."""
    stack = Stack(tmp_path / "service")
    settings.PORTAL_DATA = stack.data
    settings.CA_KEYS_DIR = str(stack.keys)
    settings.CA_KEY_PASSWORD_FILE = str(stack.password)
    stack.start("broker")
    try:
        stack.manage("create_ca", "--demo", "--rsa-bits", "2048")
        stack.start("front", "ca")
        stack.await_web()
        stack.await_worker("ca")
        yield stack
    finally:
        stack.stop()


def deliver(service: Stack, *, task: str) -> None:
    """Hand the newest item of the task to the service's own worker, and wait until it is done."""
    item = OutboxItem.objects.filter(task=task).latest("created_at")
    broker = f"redis+socket://{service.socket}"
    with celery.Celery(broker=broker, set_as_current=False) as app:
        app.send_task(task, kwargs={"item": str(item.pk)}, queue="ca")
    done = OutboxItem.objects.filter(pk=item.pk, done_at__isnull=False)
    await_true(done.exists, f"{task} is not done", seconds=120)


def await_responder(service: Stack, ca: IssuingCA) -> None:
    """Ask until the worker answers: before the first answer it makes a key, which takes a while."""
    asked = request(ca.certificate, new_serial())

    def answers() -> bool:
        status = fetch(service, ca.stem, asked).response_status
        return status is library.OCSPResponseStatus.SUCCESSFUL

    await_true(answers, f"no responder of {ca.stem}", seconds=60)


def test_openssl_is_told_how_certificates_stand(
    service: Stack, pharmacy: Organisation, riitta: Person, now: datetime, tmp_path: Path
) -> None:
    client = Client(tmp_path, service.base)
    for key in ("P-256", "RSA-2048"):
        certificate = certify(pharmacy, riitta, now, key)
        await_responder(service, certificate.issuing_ca)
        client.ask(certificate, "-sha1", "-cert", "leaf.pem", status="good")  # on demand
        deliver(service, task="issuance.publish_ocsp")
        for algorithm in ("-sha1", "-sha256", "-sha512"):
            client.ask(certificate, algorithm, "-cert", "leaf.pem", status="good")
        number = f"0x{new_serial():x}"
        client.ask(certificate, "-sha1", "-serial", number, status="unknown")
        both = ("-cert", "leaf.pem", "-serial", number)
        client.ask(certificate, "-sha1", *both, status="good")
        services.revoke(certificate.pk, "superseded", actor=system("test"), now=clock.now())
        deliver(service, task="issuance.publish_ocsp")
        told = client.ask(certificate, "-sha256", "-cert", "leaf.pem", status="revoked")
        assert "Reason: superseded" in told
    service.halt("ca")
    client.ask(certificate, "-sha1", "-cert", "leaf.pem", status="revoked")
    asked = request(certificate.issuing_ca.certificate, new_serial())
    told = fetch(service, certificate.issuing_ca.stem, asked)
    assert told.response_status == library.OCSPResponseStatus.TRY_LATER


def fetch(stack: Stack, stem: str, asked: bytes) -> library.OCSPResponse:
    """Ask by GET, everything in the path quoted: RFC 6960 appendix A.1."""
    path = quote(base64.b64encode(asked), safe="")
    with urllib.request.urlopen(f"{stack.base}/ocsp/{stem}/{path}", timeout=10) as response:
        assert response.headers["Content-Type"] == "application/ocsp-response"
        return library.load_der_ocsp_response(response.read())


@pytest.mark.usefixtures("cas")
def test_status_is_told_without_database_and_broker(
    pharmacy: Organisation, riitta: Person, now: datetime, settings: Settings
) -> None:
    certificate = certify(pharmacy, riitta, now, "P-256")
    publish_response_with(certificate.pk, now=now)
    ca = certificate.issuing_ca
    stack = Stack(Path(settings.PORTAL_DATA))
    stack.start("front", extra=NO_DATABASE)
    try:
        stack.await_web()
        told = fetch(stack, ca.stem, request(ca.certificate, int(certificate.serial, 16)))
        assert told.certificate_status == library.OCSPCertStatus.GOOD
        told = fetch(stack, ca.stem, request(ca.certificate, new_serial()))
        assert told.response_status == library.OCSPResponseStatus.TRY_LATER
    finally:
        stack.stop()
    assert ocsp_packs.find(ca.stem, int(certificate.serial, 16)) is not None
