"""Messages in a query string, signed there (SAML 2.0 Bindings, 3.4.4, DEFLATE encoding)."""

import base64
import zlib
from dataclasses import dataclass
from urllib.parse import unquote_plus, urlencode

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


@dataclass(frozen=True, slots=True)
class Received:
    """A message and its RelayState, empty if there is none, both signed by the sender."""

    message: Element
    relay: str


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


def read(raw: str, kind: str, certificates: tuple[x509.Certificate, ...]) -> Received:
    """Return the message of this kind in a query, signed by one of the certificates' keys.

    `raw` is the query string as received: the signature covers its parts, still URL-encoded.
    Raises NotIdentified, before anything of the message is parsed, if it is not signed.
    """
    parts = _parts(raw)
    query = {name: unquote_plus(value) for name, value in parts.items()}
    if not query.get("Signature") or query.get("SigAlg") not in METHODS:
        raise NotIdentified(f"{kind} is not signed")
    names = [name for name in (kind, "RelayState", "SigAlg") if name in parts]
    signed = "&".join(f"{name}={parts[name]}" for name in names).encode()
    signature, digest = decode(query["Signature"]), METHODS[query["SigAlg"]]
    if not any(_holds(signature, signed, digest, each) for each in certificates):
        raise NotIdentified(f"{kind}: signature")
    message = parse(_inflate(decode(query.get(kind, ""))))
    return Received(message, query.get("RelayState", ""))


def _parts(raw: str) -> dict[str, str]:
    """Return the values, still URL-encoded, by name.

    Raises NotIdentified if a name is encoded or repeated, as another reader of the query might
    then take another value for the one that is signed.
    """
    pairs = [part.partition("=") for part in raw.split("&")]
    parts = {name: value for name, _, value in pairs}
    if len(parts) != len(pairs) or any(unquote_plus(name) != name for name in parts):
        raise NotIdentified("names of parameters")
    return parts


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
