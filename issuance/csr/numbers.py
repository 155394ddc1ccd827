"""Private keys written as numbers with names: JSON Web Keys, .NET's XML and JSON, PuTTY's files.

Of each the two prime factors, or the scalar of a curve, are read, and the key made of them; of
JSON Web Keys without the factors, which RFC 7518 section 6.3.2 allows, the private exponent.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from cryptography.hazmat.primitives.asymmetric import ec, rsa

type PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_MOST, _MOST_EXPONENTS = 10, 2
"""Keys read of one upload, and those among them that are proved by exponentiation: 0.1 s each."""
_LONGEST, _MOST_STRINGS = 8192, 6
"""Characters and strings read of either half of a PuTTY file: RSA 4096 has 1,800 and four."""
_MEMBER = re.compile(
    r"[\"']?(\w{1,8})[\"']?\s{0,3}[:=]\s{0,3}[\"']([\w+/=-]{1,700})[\"']", re.ASCII
)
_ELEMENT = re.compile(
    r"<(?:\w{1,20}:)?(Modulus|Exponent|P|Q|D)>\s{0,9}([\w+/=]{1,700})\s{0,9}<", re.ASCII
)
_CURVES: Mapping[str, type[ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "ecdsa-sha2-nistp256": ec.SECP256R1,
    "ecdsa-sha2-nistp384": ec.SECP384R1,
}


def named_keys(texts: Iterable[str]) -> Iterator[PublicKey]:
    """The public halves of the private keys in an upload's texts that are whole; at most ten."""
    every = list(texts)
    written = list(islice(chain.from_iterable(map(_written, every)), _MOST))
    without_factors = [
        names for names in written if all(_public_numbers(names)) and not {"p", "q"} & names.keys()
    ]
    putty = islice(chain.from_iterable(map(_putty_files, every)), _MOST)
    yield from filter(None, map(_of_names, written))
    yield from filter(None, map(_of_exponents, without_factors[:_MOST_EXPONENTS]))
    yield from filter(None, map(_of_putty, putty))


def _written(text: str) -> Iterator[dict[str, str]]:
    """The numbers of each private key in JSON or XML by their names in small letters."""
    members = (dict(_MEMBER.findall(part)) for part in text.split("}") if _has_secret(part))
    elements = (dict(_ELEMENT.findall(part)) for part in text.split("KeyValue>"))
    for written in chain(members, elements):
        names = {name.lower(): value for name, value in written.items()}
        if {"d", "p"} & names.keys():
            yield names


def _has_secret(part: str) -> bool:
    return '"d"' in part or "'d'" in part or '"D"' in part


def _of_names(names: Mapping[str, str]) -> PublicKey | None:
    """RFC 7518 sections 6.2.2 and 6.3.2; the names of .NET's RSAParameters."""
    if (curve := _CURVES.get(names.get("crv", ""))) and "d" in names:
        return _on_curve(curve(), _number(names["d"]))
    modulus, exponent = _public_numbers(names)
    if not (modulus and exponent and "p" in names and "q" in names):
        return None
    return _of_factors(modulus, exponent, *map(_number, (names["p"], names["q"])))


def _public_numbers(names: Mapping[str, str]) -> tuple[int, int]:
    either = (("n", "modulus"), ("e", "exponent"))
    modulus, exponent = (_number(names.get(a) or names.get(b) or "") for a, b in either)
    return modulus, exponent


def _of_exponents(names: Mapping[str, str]) -> PublicKey | None:
    """The key whose private exponent this is: what undoes the public one is as hard to find for
    anybody else as the factors (RFC 8017 section 3.2).
    """
    (modulus, exponent), private = _public_numbers(names), _number(names.get("d", ""))
    if not (modulus.bit_length() <= 4096 and 3 <= exponent < 1 << 64 and 0 < private < modulus):
        return None
    if pow(2, exponent * private, modulus) != 2:
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
    """The lines of each file that has no password."""
    lines = [line.strip() for line in text.splitlines()] if "PuTTY" in text else []
    for at, line in enumerate(lines):
        if line.startswith("PuTTY-User-Key-File-"):
            file = lines[at : at + 100]
            if "Encryption: none" in file:
                yield file


def _of_putty(lines: list[str]) -> PublicKey | None:
    """RFC 4253 section 6.6 and RFC 5656 section 3.1; the private numbers as PuTTY has them."""
    kind = lines[0].partition(": ")[2]
    shown, hidden = (list(_strings(lines, name)) for name in ("Public-Lines", "Private-Lines"))
    if kind == "ssh-rsa" and len(shown) >= 3 and len(hidden) >= 3:
        return _of_factors(*map(int.from_bytes, (shown[2], shown[1], hidden[1], hidden[2])))
    if (curve := _CURVES.get(kind)) and hidden:
        return _on_curve(curve(), int.from_bytes(hidden[0]))
    return None


def _strings(lines: list[str], name: str) -> Iterator[bytes]:
    """The strings (RFC 4251 section 5) in the lines that follow the one with the name."""
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


def _of_factors(modulus: int, exponent: int, p: int, q: int) -> PublicKey | None:
    """The key whose factors these are; larger ones than RSA 4096 are certified nowhere."""
    if modulus.bit_length() > 4096 or not are_factors(p, q, modulus):
        return None
    return _rsa(modulus, exponent)


def _rsa(modulus: int, exponent: int) -> PublicKey | None:
    try:
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return None


def are_factors(p: int, q: int, modulus: int) -> bool:
    """Whether two numbers prove that a modulus's key is known: who knows a factor knows the key."""
    return 1 < p < modulus and p * q == modulus


def _on_curve(curve: ec.EllipticCurve, scalar: int) -> PublicKey | None:
    try:
        return ec.derive_private_key(scalar, curve).public_key()
    except (ValueError, OverflowError):
        return None
