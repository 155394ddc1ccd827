"""Lists and CA certificates over HTTP from the real front process, while the database is away."""

import http.client
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.foundation.actors import system
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from tests.stack import Stack

NO_DATABASE = {"DATABASE_URL": "postgres://nobody@/none?host=/nonexistent"}
STEM = "sote-ec-1"


@pytest.fixture
def web(cas: dict[str, IssuingCA], settings: Settings) -> Iterator[Stack]:
    """The process `front`, which reaches neither a database nor a broker."""
    stack = Stack(Path(settings.PORTAL_DATA))
    stack.start("front", extra=NO_DATABASE | {"PKI_PUBLIC_URL": "http://pki.example.fi"})
    try:
        stack.await_web()
        yield stack
    finally:
        stack.stop()


def ask(
    web: Stack, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    sent = {"Host": "pki.example.fi"} | {k.replace("_", "-"): v for k, v in headers.items()}
    connection.request(method, path, headers=sent)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_a_list_is_served_without_a_database_by_the_name_in_the_certificates(web: Stack) -> None:
    response, body = ask(web, f"/crl/{STEM}.crl")
    assert (response.status, response.getheader("Content-Type")) == (200, "application/pkix-crl")
    assert body == repository.crl_path(STEM).read_bytes()
    assert response.getheader("Cache-Control") == "public, max-age=60"
    assert response.getheader("Set-Cookie") is None
    for kind, content in (("crt", "application/pkix-cert"), ("pem", "application/x-pem-file")):
        response, body = ask(web, f"/ca/{STEM}.{kind}")
        assert (response.status, response.getheader("Content-Type")) == (200, content)
    head, nothing = ask(web, f"/crl/{STEM}.crl", "HEAD")
    assert (head.status, nothing) == (200, b"")
    assert int(head.getheader("Content-Length") or 0) == repository.crl_path(STEM).stat().st_size


def test_who_has_the_list_gets_it_again_only_when_it_is_new(
    web: Stack, ca: IssuingCA, now: datetime
) -> None:
    first, _ = ask(web, f"/crl/{STEM}.crl")
    tag, day = first.getheader("ETag") or "", first.getheader("Last-Modified") or ""
    unchanged, body = ask(web, f"/crl/{STEM}.crl", If_None_Match=tag)
    assert (unchanged.status, body, unchanged.getheader("ETag")) == (304, b"", tag)
    dated, _ = ask(web, f"/crl/{STEM}.crl", If_Modified_Since=day)
    assert dated.status == 200, "two lists may be of one second"
    services.publish_crl(ca, now=now)
    changed, body = ask(web, f"/crl/{STEM}.crl", If_None_Match=tag)
    assert changed.status == 200
    assert body == repository.crl_path(STEM).read_bytes()


def test_openssl_takes_the_list_for_the_chain(
    certificate: Certificate, ca: IssuingCA, web: Stack, now: datetime, tmp_path: Path
) -> None:
    leaf, chain = tmp_path / "leaf.der", tmp_path / "chain.pem"
    leaf.write_bytes(bytes(certificate.der))
    chain.write_bytes(ask(web, f"/ca/{STEM}.pem")[1])

    def verified() -> str:
        list_file = tmp_path / "list.crl"
        list_file.write_bytes(ask(web, f"/crl/{STEM}.crl")[1])
        command = ["openssl", "verify", "-crl_check", "-CAfile", str(chain), "-CRLfile"]
        command += [str(list_file), "-attime", str(int(now.timestamp())), str(leaf)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    services.publish_crl(ca, now=now)
    assert verified().endswith("leaf.der: OK")
    services.revoke(certificate.pk, "superseded", actor=system("test"), now=now)
    services.publish_crl_with(certificate.pk, now=now)
    assert "OK" not in verified()
