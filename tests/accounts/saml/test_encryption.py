"""Encrypted assertions of other makers, and what may not hide in one."""

import base64
import secrets

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accounts.identification.identity import NotIdentified
from accounts.identification.saml import documents
from accounts.identification.saml.encryption import XENC, XENC11, decrypt

DS = documents.SIGNATURE
PLAIN = f'<saml:Assertion xmlns:saml="{documents.ASSERTION}" ID="_1">Matti</saml:Assertion>'


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def method(algorithm, digest="", mask="", label=b""):
    parts = f'<ds:DigestMethod Algorithm="{digest}"/>' if digest else ""
    parts += f'<xenc11:MGF Algorithm="{mask}"/>' if mask else ""
    parts += f"<xenc:OAEPparams>{encoded(label)}</xenc:OAEPparams>" if label else ""
    return f'<xenc:EncryptionMethod Algorithm="{algorithm}">{parts}</xenc:EncryptionMethod>'


def encoded(content):
    return base64.encodebytes(content).decode()


def value(content):
    return f"<xenc:CipherData><xenc:CipherValue>{content}</xenc:CipherValue></xenc:CipherData>"


MGF1P = method(f"{XENC}rsa-oaep-mgf1p")
DEFAULT = hashes.SHA1(), hashes.SHA1(), None


def sealed(
    key,
    plain=PLAIN,
    *,
    bits=256,
    wrapping=MGF1P,
    scheme=DEFAULT,
    beside=False,
):
    """Return an EncryptedAssertion; `beside` puts the key after the data, not into it."""
    secret, nonce = secrets.token_bytes(bits // 8), secrets.token_bytes(12)
    mask, digest, label = scheme
    oaep = padding.OAEP(padding.MGF1(mask), digest, label)
    wrapped = encoded(key.public_key().encrypt(secret, oaep))
    content = encoded(nonce + AESGCM(secret).encrypt(nonce, plain.encode(), None))
    inner = f'<xenc:EncryptedKey Id="k">{wrapping}{value(wrapped)}</xenc:EncryptedKey>'
    pointer = '<ds:RetrievalMethod URI="#k"/>'
    return documents.parse(
        f'<saml:EncryptedAssertion xmlns:saml="{documents.ASSERTION}" xmlns:xenc="{XENC}"'
        f' xmlns:ds="{DS}" xmlns:xenc11="{XENC11}"><xenc:EncryptedData>'
        f"{method(f'{XENC11}aes{bits}-gcm')}"
        f"<ds:KeyInfo>{pointer if beside else inner}</ds:KeyInfo>{value(content)}"
        f"</xenc:EncryptedData>{inner if beside else ''}</saml:EncryptedAssertion>".encode()
    )


def read(encrypted, *keys):
    return documents.whole(decrypt(encrypted, list(keys)))


def refused(encrypted, *keys):
    with pytest.raises(NotIdentified) as caught:
        decrypt(encrypted, list(keys))
    return caught.value.problem


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_assertion_is_read_under_each_size_of_key(key, bits):
    assert read(sealed(key, bits=bits), key) == "Matti"


@pytest.mark.parametrize(
    ("wrapping", "scheme"),
    [
        (method(f"{XENC}rsa-oaep-mgf1p", f"{DS}sha1"), DEFAULT),
        (
            method(f"{XENC}rsa-oaep-mgf1p", f"{XENC}sha256", label=b"label"),
            (hashes.SHA1(), hashes.SHA256(), b"label"),
        ),
        (
            method(f"{XENC11}rsa-oaep", f"{XENC}sha512", f"{XENC11}mgf1sha256"),
            (hashes.SHA256(), hashes.SHA512(), None),
        ),
        (method(f"{XENC11}rsa-oaep"), DEFAULT),
    ],
)
def test_key_is_unwrapped_as_its_method_says(key, wrapping, scheme):
    assert read(sealed(key, wrapping=wrapping, scheme=scheme), key) == "Matti"


def test_key_may_lie_beside_the_data(key):
    assert read(sealed(key, beside=True), key) == "Matti"


def test_prefix_of_the_place_counts(key):
    plain = "<saml:Assertion>Matti</saml:Assertion>"

    assert read(sealed(key, plain), key) == "Matti"


def test_any_key_of_ours_and_none_of_others(key):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    assert read(sealed(key), other, key) == "Matti"
    assert refused(sealed(key), other) == "cannot be decrypted"
    assert refused(sealed(key)) == "cannot be decrypted"


@pytest.mark.parametrize(
    ("plain", "why"),
    [
        (PLAIN * 2, "not one assertion"),
        (f"</decrypted>{PLAIN}<decrypted>", "XMLSyntaxError"),
        (f"<!DOCTYPE a [<!ENTITY b 'c'>]>{PLAIN}", "document type"),
        (f"text{PLAIN}", "text beside the assertion"),
        (PLAIN.replace("Assertion", "EncryptedAssertion"), "not one assertion"),
        ("Matti", "not one assertion"),
        ("", "not one assertion"),
    ],
)
def test_content_that_is_not_one_assertion_is_refused(key, plain, why):
    assert refused(sealed(key, plain), key) == why


@pytest.mark.parametrize(
    ("wrapping", "why"),
    [
        (method(f"{XENC}rsa-1_5"), "cipher"),
        (method(f"{XENC11}rsa-oaep", f"{DS}md5"), "cipher"),
        (method(f"{XENC11}rsa-oaep", mask=f"{XENC11}mgf1md5"), "cipher"),
        (method(f"{XENC}rsa-oaep-mgf1p", f"{XENC}sha256"), "cannot be decrypted"),
        ("", "not one EncryptionMethod"),
    ],
)
def test_other_wrappings_are_refused(key, wrapping, why):
    assert refused(sealed(key, wrapping=wrapping), key) == why


def test_content_of_another_place_is_not_fetched(key):
    """A CipherReference could name a file or an address, and transforms to run on it."""
    encrypted = sealed(key)
    for found in documents.all_of(encrypted, "./xenc:EncryptedData/xenc:CipherData"):
        found[0].tag = f"{{{XENC}}}CipherReference"
        found[0].set("URI", "file:///etc/passwd")

    assert refused(encrypted, key) == "not one CipherValue"


def test_two_keys_are_one_too_many(key):
    encrypted = sealed(key, beside=True)
    encrypted.append(documents.all_of(sealed(key, beside=True), "./xenc:EncryptedKey")[0])

    assert refused(encrypted, key) == "not one EncryptedKey"
