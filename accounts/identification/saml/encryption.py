"""Decryption of an EncryptedAssertion with our own keys.

Keys are wrapped by RSA-OAEP and content is encrypted by AES-GCM. Only values inside the document
are read; references to other places, which may carry transforms, are not followed.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from accounts.identification.identity import NotIdentified
from accounts.identification.saml.documents import (
    ASSERTION,
    NAMESPACES,
    Element,
    all_of,
    decode,
    parse,
    single,
    whole,
)

XENC, XENC11 = NAMESPACES["xenc"], NAMESPACES["xenc11"]
# Only authenticated encryption: CBC allows padding oracle attacks (Jager, Somorovsky 2011).
CONTENT_CIPHERS = {f"{XENC11}aes128-gcm": 16, f"{XENC11}aes192-gcm": 24, f"{XENC11}aes256-gcm": 32}
OAEP_MGF1P, OAEP = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"
KEY_CIPHERS = {OAEP_MGF1P, OAEP}
SHA1 = f"{NAMESPACES['ds']}sha1"
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    SHA1: hashes.SHA1(),  # noqa: S303  # as the standard's default for OAEP, where it is sound
    f"{XENC}sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashes.SHA384(),
    f"{XENC}sha512": hashes.SHA512(),
}
MASKS = {
    f"{XENC11}mgf1sha1": hashes.SHA1(),  # noqa: S303
    f"{XENC11}mgf1sha256": hashes.SHA256(),
    f"{XENC11}mgf1sha384": hashes.SHA384(),
    f"{XENC11}mgf1sha512": hashes.SHA512(),
}
NONCE = 12


def decrypt(encrypted: Element, keys: list[rsa.RSAPrivateKey]) -> Element:
    """Return the assertion in an EncryptedAssertion, decrypted by the first key that works.

    Raises NotIdentified if there is none, or if the content is not one assertion.
    """
    data = single(encrypted, "./xenc:EncryptedData")
    key = single(encrypted, ".//xenc:EncryptedKey")
    cipher = _algorithm(data)
    if cipher not in CONTENT_CIPHERS or _algorithm(key) not in KEY_CIPHERS:
        raise NotIdentified("cipher")
    scheme, wrapped, content = _scheme(key), _value(key), _value(data)
    for private in keys:
        try:
            secret = private.decrypt(wrapped, scheme)
            if len(secret) == CONTENT_CIPHERS[cipher]:
                plain = AESGCM(secret).decrypt(content[:NONCE], content[NONCE:], None)
                return _assertion(plain, encrypted)
        except (ValueError, InvalidTag):
            continue
    raise NotIdentified("cannot be decrypted")


def _algorithm(element: Element) -> str:
    return str(single(element, "./xenc:EncryptionMethod").get("Algorithm"))


def _value(element: Element) -> bytes:
    return decode(whole(single(element, "./xenc:CipherData/xenc:CipherValue")))


def _scheme(key: Element) -> padding.OAEP:
    """Return the padding that EncryptionMethod names (XML Encryption 1.1, 5.5.2)."""
    method = single(key, "./xenc:EncryptionMethod")
    digests = all_of(method, "./ds:DigestMethod")
    masks = all_of(method, "./xenc11:MGF") if method.get("Algorithm") == OAEP else []
    labels = all_of(method, "./xenc:OAEPparams")
    try:
        digest = DIGESTS[digests[0].get("Algorithm") if digests else SHA1]
        mask = MASKS[masks[0].get("Algorithm") if masks else f"{XENC11}mgf1sha1"]
    except KeyError as error:
        raise NotIdentified("cipher") from error
    label = decode(whole(labels[0])) if labels else None
    return padding.OAEP(padding.MGF1(mask), digest, label)


def _assertion(plain: bytes, encrypted: Element) -> Element:
    """Parse the decrypted element in the namespaces of its place, in a document of its own."""
    shell: bytes = etree.tostring(etree.Element("decrypted", nsmap=encrypted.nsmap))
    root = parse(shell.removesuffix(b"/>") + b">" + plain + b"</decrypted>")
    if len(root) != 1 or root[0].tag != f"{{{ASSERTION}}}Assertion":
        raise NotIdentified("not one assertion")
    if whole(root).strip() != whole(root[0]).strip():
        raise NotIdentified("text beside the assertion")
    return root[0]
