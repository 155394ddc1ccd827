"""Requests made on the spot, as people send them: for a clone that has no corpus beside it."""

import json
import quopri
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from issuance.der.write import sequence
from tests.issuance.csr.builder import DNS, HOST, SHA256_EC, alt_names, oid, pem, request

RSA_KEYS = {2048: 12, 3072: 6, 4096: 6}
"""How many keys of so many bits; a short one besides, which is refused."""
CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())
ON_EACH_CURVE = 12


def made() -> Iterator[bytes]:
    """Yield the files: under each key a right request in several forms, and wrong ones."""
    for key in _keys():
        der = request(key=key)
        text = pem(der)
        yield der
        yield text.encode()
        yield b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
        yield f"Certificate Request:\n    Data:\n{text}-- \nTerveisin Matti\n".encode()
        yield "".join(text.splitlines()[1:-1]).encode()
        yield text.encode("utf-16")
        yield "".join(f"> {line}\n" for line in text.splitlines()).encode()
        yield json.dumps({"csr": text}).encode()
        yield quopri.encodestring(text.encode())
        yield text.rpartition("-----END")[0].encode()
        yield request(key=key, extensions=(alt_names(*((DNS, f"{n}.{HOST}") for n in range(40))),))
        yield request(key=key, algorithm=sequence(oid(SHA256_EC)), signature=b"\x03\x03\0ab")


def _keys() -> Iterator[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
    for bits, count in RSA_KEYS.items():
        yield from (rsa.generate_private_key(65537, bits) for _ in range(count))
    yield rsa.generate_private_key(65537, 1024)
    for curve in CURVES:
        yield from (ec.generate_private_key(curve) for _ in range(ON_EACH_CURVE))


def escapes(size: int) -> dict[str, bytes]:
    """Return files of so many octets that are nothing but one escape repeated, by the escape."""
    kinds = (b"\\n", b"\\u002B", b"%2B", b"&#43;", b"=3D", b"=\n", b"<br>", b"> ")
    return {each.decode(): each * (size // len(each)) for each in kinds}
