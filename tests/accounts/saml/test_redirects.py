"""Messages in a query string: the signature comes before everything else."""

import base64
import zlib
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils.http import urlencode
from lxml import etree

from accounts.identification.identity import NotIdentified
from accounts.identification.saml import redirects
from tests.accounts.saml.pairs import make_pair

KIND = "SAMLRequest"
MESSAGE = etree.fromstring("<a>Åbo</a>")


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Return a provider's certificate and key."""
    certificate, key = make_pair(tmp_path_factory.mktemp("redirects"), "provider")
    with open(certificate, "rb") as first, open(key, "rb") as second:
        return (
            x509.load_pem_x509_certificate(first.read()),
            load_pem_private_key(second.read(), password=None),
        )


def read(raw, *certificates, kind=KIND):
    return redirects.read(raw, kind, certificates)


def refused(raw, *certificates):
    with pytest.raises(NotIdentified) as caught:
        read(raw, *certificates)
    return caught.value.problem


def signed_by_hand(packed, key, *, method=redirects.RSA_SHA256):
    query = urlencode({KIND: base64.b64encode(packed).decode(), "SigAlg": method})
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"


def deflated(content):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(content) + packer.flush()


@pytest.mark.parametrize("relay", ["", "a b&c=d%/ä"])
@pytest.mark.parametrize("url", ["https://idp.example/sso", "https://idp.example/sso?tenant=1"])
def test_what_was_sent_is_read(own, url, relay):
    certificate, key = own
    address = redirects.address(url, KIND, MESSAGE, relay, key)
    assert address.startswith(f"{url}{'&' if '?' in url else '?'}{KIND}=")
    raw = urlsplit(address).query

    received = read(raw, certificate)
    assert received.message.text == "Åbo"
    assert received.relay == relay


def test_every_signed_part_counts(own):
    certificate, key = own
    raw = urlsplit(redirects.address("https://idp.example/", KIND, MESSAGE, "here", key)).query
    another = urlsplit(redirects.address("https://i.example/", KIND, MESSAGE, "x", key)).query

    assert refused(raw) == "SAMLRequest: signature"
    assert refused(raw.replace("=here", "=there"), certificate) == "SAMLRequest: signature"
    assert refused(raw.replace("&RelayState=here", ""), certificate) == "SAMLRequest: signature"
    assert refused(raw.replace("sha256", "sha512"), certificate) == "SAMLRequest: signature"
    assert refused(raw.replace("sha256", "sha1"), certificate) == "SAMLRequest is not signed"
    mixed = raw.partition("&Signature")[0] + "&Signature" + another.partition("&Signature")[2]
    assert refused(mixed, certificate) == "SAMLRequest: signature"


@pytest.mark.parametrize(
    "name",
    ["SAMLRequest", "%53AMLRequest", "RelayState", "Relay%53tate", "SigAlg", "Sig%41lg"],
)
def test_no_second_value_is_taken_for_the_signed_one(own, name):
    certificate, key = own
    raw = urlsplit(redirects.address("https://idp.example/", KIND, MESSAGE, "here", key)).query
    forged = urlencode({"": base64.b64encode(deflated(b"<a>Turku</a>")).decode()})

    assert refused(f"{raw}&{name}{forged}", certificate) == "names of parameters"
    assert refused(f"{name}{forged}&{raw}", certificate) == "names of parameters"


@pytest.mark.parametrize(
    ("packed", "why"),
    [
        (b"\xff" * 9, "deflate"),
        (deflated(b"<a/>")[:-2], "too long, or cut short"),
        (deflated(b"<a>" + b" " * 10_000_000 + b"</a>"), "too long, or cut short"),
        (deflated(b"<!DOCTYPE a><a/>"), "document type"),
        (b"", "too long, or cut short"),
    ],
)
def test_even_the_provider_s_message_is_read_with_care(own, packed, why):
    certificate, key = own

    assert refused(signed_by_hand(packed, key), certificate) == why
