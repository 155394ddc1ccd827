"""The end of the certificate that visitors get is noticed before they do."""

import socket
import ssl
import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured

from certportal import env
from certportal.foundation import clock
from certportal.operations import self_checks
from tests.stack import free_port

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "varmenteet.example.fi")])


def certificate(left):
    """Return a self-signed certificate that ends after `left`, with its key, as PEM."""
    key, ends = ec.generate_private_key(ec.SECP256R1()), clock.now() + left
    built = x509.CertificateBuilder(NAME, NAME, key.public_key(), x509.random_serial_number())
    built = built.not_valid_before(ends - timedelta(days=90)).not_valid_after(ends)
    pem = built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem + key.private_bytes(serialization.Encoding.PEM, *form)


class Proxy:
    """Answers TLS handshakes with one certificate, and another one after `renew`."""

    def __init__(self, folder):
        self.file = folder / "certificate.pem"
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.place = self.socket.getsockname()
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def renew(self, left):
        self.file.write_bytes(certificate(left))

    def _serve(self):
        while True:
            try:
                visitor, _from = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.file)
            with suppress(OSError), visitor, context.wrap_socket(visitor, server_side=True) as one:
                one.recv(1)  # until the visitor leaves


@pytest.fixture
def proxy(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(self_checks, "_read", {})
    found = Proxy(tmp_path)
    settings.TLS_ADDRESS = found.place
    yield found
    found.socket.close()


@pytest.mark.parametrize(("days", "far"), [(60, True), (22, True), (20, False), (-1, False)])
def test_the_last_three_weeks_wait_for_a_person(proxy, days, far):
    proxy.renew(timedelta(days=days))
    assert self_checks.is_far() is far


def test_a_certificate_of_no_known_version_counts_as_none(proxy, monkeypatch):
    """The library's error for it is no ValueError."""
    der = ssl.PEM_cert_to_DER_cert(
        certificate(timedelta(days=60)).decode().partition("-----BEGIN P")[0]
    )
    odd = ssl.DER_cert_to_PEM_cert(der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x07", 1))
    monkeypatch.setattr(ssl, "get_server_certificate", lambda *_place, **_options: odd)
    assert not self_checks.is_far()


def test_a_renewed_certificate_is_seen_once_the_proxy_serves_it(proxy, monkeypatch):
    proxy.renew(timedelta(days=3))
    assert not self_checks.is_far()
    proxy.renew(timedelta(days=89))
    assert (self_checks.is_far(), proxy.asked) == (False, 1)
    monkeypatch.setattr(self_checks, "READ_EVERY", 0)
    assert (self_checks.is_far(), proxy.asked) == (True, 2)


def test_a_proxy_without_a_certificate_is_no_proxy_whose_certificate_lasts(settings, monkeypatch):
    monkeypatch.setattr(self_checks, "_read", {})
    settings.TLS_ADDRESS = ("127.0.0.1", free_port())
    assert not self_checks.is_far()


def test_a_proxy_that_hangs_is_not_waited_for_at_every_heartbeat(settings, monkeypatch):
    asked = []

    def hangs(place, *, timeout):
        asked.append(place)
        raise TimeoutError("timed out")

    monkeypatch.setattr(self_checks, "_read", {})
    monkeypatch.setattr(ssl, "get_server_certificate", hangs)
    settings.TLS_ADDRESS = ("proxy", 8443)
    assert [self_checks.is_far() for _ in range(3)] == [False] * 3
    assert len(asked) == 1
    monkeypatch.setattr(self_checks, "ASKED_EVERY", 0)
    assert not self_checks.is_far()
    assert len(asked) == 2


def test_where_nobody_said_which_proxy_there_is_nothing_to_watch(settings):
    settings.TLS_ADDRESS = None
    assert self_checks.is_far()


def test_the_address_is_a_host_and_a_port(monkeypatch):
    for value, read in [
        ("", None),
        ("proxy:8443", ("proxy", 8443)),
        ("varmenteet.example.fi", ("varmenteet.example.fi", 443)),
        ("[fd00::2]:443", ("fd00::2", 443)),
    ]:
        monkeypatch.setenv("TLS_ADDRESS", value)
        assert env.place("TLS_ADDRESS") == read
    for value in ("https://varmenteet.example.fi", "proxy:99999", "proxy:443/fi/", ":443"):
        monkeypatch.setenv("TLS_ADDRESS", value)
        with pytest.raises(ImproperlyConfigured, match="TLS_ADDRESS"):
            env.place("TLS_ADDRESS")
