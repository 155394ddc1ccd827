"""The text that is read before approving: word for word what openssl says of the certificate."""

import subprocess

import pytest

from issuance import services
from issuance.certificate.text import certificate_text
from tests.issuance.orders import email_order, new_key, server_order, signature_order

OPENSSL = ["openssl", "x509", "-inform", "DER", "-noout", "-text", "-certopt", "no_sigdump"]


def openssl(der: bytes) -> list[str]:
    done = subprocess.run(OPENSSL, input=der, capture_output=True, check=True)
    return [line.rstrip() for line in done.stdout.decode().splitlines()]


ORDERS = {
    "server, P-256": lambda of: server_order(of),
    "server, P-384": lambda of: server_order(of, new_key("P-384")),
    "server, RSA": lambda of: server_order(of, new_key("RSA 3072")),
    "signature, P-256": lambda of: signature_order(of),
    "signature, RSA": lambda of: signature_order(of, new_key("RSA 2048")),
    "e-mail": lambda of: email_order(of),
    "one purpose": lambda of: server_order(of, purpose=frozenset({"client"})),
}


@pytest.mark.parametrize("made", ORDERS.values(), ids=ORDERS)
def test_it_says_what_openssl_says(cas, pharmacy, now, made) -> None:
    prepared = services.prepare(made(pharmacy), now=now)
    text = certificate_text(bytes(prepared.tbs))
    assert text.splitlines() == openssl(bytes(prepared.specimen_der))


def test_it_is_made_from_the_bytes_to_be_signed(cas, order, now) -> None:
    prepared = services.prepare(order, now=now)
    tbs = bytes(prepared.tbs)
    assert "kanta.apteekki.example.fi" in certificate_text(tbs)
    other = tbs.replace(b"kanta.apteekki", b"junta.apteekki")
    assert "junta.apteekki.example.fi" in certificate_text(other)


def test_an_extension_nobody_foresaw_is_shown_all_the_same(cas, order, now) -> None:
    tbs = bytes(services.prepare(order, now=now).tbs)
    known = bytes.fromhex("0603551d25")  # extendedKeyUsage becomes something unknown
    text = certificate_text(tbs.replace(known, bytes.fromhex("0603551d7f")))
    assert "2.5.29.127:" in text
    assert "30:14:06:08" in text


def test_one_prepared_before_the_algorithm_changed_is_still_read(cas, order, now) -> None:
    tbs = bytes(services.prepare(order, now=now).tbs)
    former = tbs.replace(bytes.fromhex("2a8648ce3d040303"), bytes.fromhex("2a8648ce3d040302"))
    assert "Signature Algorithm: ecdsa-with-SHA384" in certificate_text(tbs)
    assert "Signature Algorithm: ecdsa-with-SHA256" in certificate_text(former)
