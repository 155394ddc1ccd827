"""Messages in a query string, signed there (SAML 2.0 Bindings, 3.4.4, DEFLATE encoding)."""

import base64
import zlib
from urllib.parse import urlencode

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from accounts.identification.identity import NotIdentified
from accounts.identification.saml.documents import Element, decode, parse

MORE = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha"
RSA_SHA256 = f"{MORE}256"
METHODS: dict[str, hashes.HashAlgorithm] = {
    RSA_SHA256: hashes.SHA256(),
    f"{MORE}384": hashes.SHA384(),
    f"{MORE}512": hashes.SHA512(),
}
MAX_BYTES = 64 * 1024
WITHOUT_HEADER = -zlib.MAX_WBITS


def address(url: str, kind: str, message: Element, relay: str, key: rsa.RSAPrivateKey) -> str:
    """Return the address that carries a message, signed with our key.

    `kind` is SAMLRequest or SAMLResponse; `relay` is left out if it is empty.
    """
    packer = zlib.compressobj(wbits=WITHOUT_HEADER)
    packed = packer.compress(etree.tostring(message)) + packer.flush()
    parts = {kind: base64.b64encode(packed).decode()}
    if relay:
        parts["RelayState"] = relay
    query = urlencode(parts | {"SigAlg": RSA_SHA256})
    signature = key.sign(query.encode(), padding.PKCS1v15(), METHODS[RSA_SHA256])
    query = f"{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"
    return f"{url}{'&' if '?' in url else '?'}{query}"


def read(
    query: dict[str, str], raw: str, kind: str, certificates: tuple[x509.Certificate, ...]
) -> Element:
    """Return the message of this kind in a query, signed by one of the certificates' keys.

    `raw` is the query string as received: the signature covers its parts, still URL-encoded.
    Raises NotIdentified, before anything of the message is parsed, if it is not signed.
    """
    if not query.get("Signature") or query.get("SigAlg") not in METHODS:
        raise NotIdentified(f"{kind} is not signed")
    parts = {name: value for name, _, value in (one.partition("=") for one in raw.split("&"))}
    names = [name for name in (kind, "RelayState", "SigAlg") if name in parts]
    signed = "&".join(f"{name}={parts[name]}" for name in names).encode()
    signature, digest = decode(query["Signature"]), METHODS[query["SigAlg"]]
    if not any(_holds(signature, signed, digest, one) for one in certificates):
        raise NotIdentified(f"{kind}: signature")
    return parse(_inflate(decode(query.get(kind, ""))))


def _holds(
    signature: bytes, signed: bytes, digest: hashes.HashAlgorithm, certificate: x509.Certificate
) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def _inflate(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=WITHOUT_HEADER)
    try:
        content = unpacker.decompress(packed, MAX_BYTES)
    except zlib.error as error:
        raise NotIdentified("deflate") from error
    if not unpacker.eof:
        raise NotIdentified("too long, or cut short")
    return content
