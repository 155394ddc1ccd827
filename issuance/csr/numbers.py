"""Private keys in formats of named numbers: JSON Web Key, .NET XML and JSON, PuTTY, BIND.

The public key is derived from the two RSA primes or from the EC scalar; for a JSON Web Key without
primes, which RFC 7518 section 6.3.2 allows, from the private exponent.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

import gmpy2
from cryptography.hazmat.primitives.asymmetric import ec, rsa

type PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_MOST, _MOST_EXPONENTS = 10, 2
"""Most keys per format in an upload; most of those verified by exponentiation (0.1 s each)."""
_LONGEST, _MOST_STRINGS = 8192, 6
"""Most characters and strings read of each part of a PuTTY file; RSA 4096 has 1,800 and four."""
_MEMBER = re.compile(
    r"[\"']?(\w{1,8})[\"']?\s{0,3}[:=]\s{0,3}[\"']([\w+/=-]{1,700})[\"']", re.ASCII
)
_BIND = re.compile(r"(?im)^[ \t>]*Private-key-format:")
_ELEMENT = re.compile(
    r"<(?:\w{1,20}:)?(Modulus|Exponent|P|Q|D)>\s{0,9}([\w+/=]{1,700})\s{0,9}<", re.ASCII
)
_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "ecdsa-sha2-nistp256": ec.SECP256R1,
    "ecdsa-sha2-nistp384": ec.SECP384R1,
}

_OF_DNSSEC: Mapping[str, type[ec.EllipticCurve]] = {"13": ec.SECP256R1, "14": ec.SECP384R1}


def named_keys(texts: Iterable[str]) -> Iterator[PublicKey]:
    """The public halves of the complete private keys in the texts; at most ten of each format."""
    every = list(texts)
    written = list(islice(chain.from_iterable(map(_written, every)), _MOST))
    without_factors = [
        names for names in written if all(_public_numbers(names)) and not {"p", "q"} & names.keys()
    ]
    putty = islice(chain.from_iterable(map(_putty_files, every)), _MOST)
    yield from filter(None, map(_of_names, written))
    yield from filter(None, map(_of_exponents, without_factors[:_MOST_EXPONENTS]))
    yield from filter(None, map(_of_putty, putty))
    bind = islice(chain.from_iterable(map(_bind_files, every)), _MOST)
    yield from filter(None, map(_of_bind, bind))


def _written(text: str) -> Iterator[dict[str, str]]:
    """The numbers (base64 text) of each private key in JSON or XML, by lower-case name."""
    members = (dict(_MEMBER.findall(part)) for part in text.split("}") if _has_secret(part))
    elements = (dict(_ELEMENT.findall(part)) for part in text.split("KeyValue>"))
    for written in chain(members, elements):
        names = {name.lower(): value for name, value in written.items()}
        if {"d", "p"} & names.keys():
            yield names


def _has_secret(part: str) -> bool:
    return '"d"' in part or "'d'" in part or '"D"' in part


def _of_names(names: Mapping[str, str]) -> PublicKey | None:
    """The key of a JSON Web Key (RFC 7518 sections 6.2.2, 6.3.2) or of .NET RSAParameters."""
    if (curve := _CURVES.get(names.get("crv", ""))) and "d" in names:
        return _on_curve(curve(), _number(names["d"]))
    modulus, exponent = _public_numbers(names)
    if not (modulus and exponent and "p" in names and "q" in names):
        return None
    return of_factors(modulus, exponent, *map(_number, (names["p"], names["q"])))


def _public_numbers(names: Mapping[str, str]) -> tuple[int, int]:
    either = (("n", "modulus"), ("e", "exponent"))
    modulus, exponent = (_number(names.get(a) or names.get(b) or "") for a, b in either)
    return modulus, exponent


def _of_exponents(names: Mapping[str, str]) -> PublicKey | None:
    """The key proven by its private exponent d.

    An exponent that inverts the public one (RFC 8017 section 3.2) is as hard to find as the primes.
    """
    return of_exponent(*_public_numbers(names), _number(names.get("d", "")))


def of_exponent(modulus: int, exponent: int, private: int) -> PublicKey | None:
    """The RSA key, if the private exponent inverts the public one for the base 2; takes 0.1 s."""
    if not (modulus.bit_length() <= 4096 and 3 <= exponent < 1 << 64 and 0 < private < modulus):
        return None
    if modulus % 2 == 0 or gmpy2.powmod(2, exponent * private, modulus) != 2:
        return None
    return _rsa(modulus, exponent)


def _number(text: str) -> int:
    return int.from_bytes(_octets(text.replace("-", "+").replace("_", "/")))


def _octets(text: str) -> bytes:
    body = text.rstrip("=")
    try:
        return base64.b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        return b""


def _putty_files(text: str) -> Iterator[list[str]]:
    """The lines of each PuTTY key file without a passphrase."""
    lines = [line.strip() for line in text.splitlines()] if "PuTTY" in text else []
    for at, line in enumerate(lines):
        if line.startswith("PuTTY-User-Key-File-"):
            file = lines[at : at + 100]
            if "Encryption: none" in file:
                yield file


def _of_putty(lines: list[str]) -> PublicKey | None:
    """The key of a PuTTY file; public part as in RFC 4253 section 6.6 and RFC 5656 section 3.1."""
    kind = lines[0].partition(": ")[2]
    shown, hidden = (list(_strings(lines, name)) for name in ("Public-Lines", "Private-Lines"))
    if kind == "ssh-rsa" and len(shown) >= 3 and len(hidden) >= 3:
        return of_factors(*map(int.from_bytes, (shown[2], shown[1], hidden[1], hidden[2])))
    if (curve := _CURVES.get(kind)) and hidden:
        return _on_curve(curve(), int.from_bytes(hidden[0]))
    return None


def _strings(lines: list[str], name: str) -> Iterator[bytes]:
    """The strings (RFC 4251 section 5) in the base64 lines after the header line ``name``."""
    counts = ((n, line.partition(": ")) for n, line in enumerate(lines, start=1))
    at, count = next(((n, c) for n, (label, _, c) in counts if label == name), (0, ""))
    last = at + int(count) if re.fullmatch("[0-9]{1,3}", count) else at
    data = _octets("".join(lines[at:last])[:_LONGEST])
    start = 0
    for _ in range(_MOST_STRINGS):
        if len(data) - start <= 4:
            return
        end = start + 4 + int.from_bytes(data[start : start + 4])
        yield data[start + 4 : end]
        start = end


def _bind_files(text: str) -> Iterator[dict[str, str]]:
    """The fields of each DNSSEC private key in the format of BIND."""
    for part in islice(_BIND.split(text), 1, _MOST + 1):
        fields = (line.partition(":") for line in part.splitlines()[:30])
        yield {name.strip(): value.strip() for name, _, value in fields}


def _of_bind(fields: Mapping[str, str]) -> PublicKey | None:
    """The key of a .private file of dnssec-keygen; algorithm numbers: RFC 5702, RFC 6605."""
    number = fields.get("Algorithm", "").partition(" ")[0]
    if curve := _OF_DNSSEC.get(number):
        return _on_curve(curve(), _number(fields.get("PrivateKey", "")))
    names = ("Modulus", "PublicExponent", "Prime1", "Prime2")
    return of_factors(*(_number(fields.get(name, "")) for name in names))


def of_factors(modulus: int, exponent: int, p: int, q: int) -> PublicKey | None:
    """The RSA key, if p and q are its primes; None above 4096 bits, which are never certified."""
    if modulus.bit_length() > 4096 or not are_factors(p, q, modulus):
        return None
    return _rsa(modulus, exponent)


def _rsa(modulus: int, exponent: int) -> PublicKey | None:
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return None


def are_factors(p: int, q: int, modulus: int) -> bool:
    """Whether p * q is the modulus with p a proper factor, which proves knowledge of the key."""
    return 1 < p < modulus and p * q == modulus


def on_curves(scalar: int) -> Iterator[PublicKey]:
    """The public key of a scalar on each of P-256 and P-384 in which it is in range."""
    halves = (_on_curve(curve(), scalar) for curve in (ec.SECP256R1, ec.SECP384R1))
    yield from filter(None, halves)


def _on_curve(curve: ec.EllipticCurve, scalar: int) -> PublicKey | None:
    try:
        return ec.derive_private_key(scalar, curve).public_key()
    except (ValueError, OverflowError):
        return None
