"""Private keys written as bare numbers: hexadecimal or decimal digits, or octets.

A number counts as a private key if its label says so, if the file holds nothing else, or if it
matches a public key in the same upload. This leaves out fingerprints with colons, serial numbers,
and hashes next to an algorithm's or a file's name.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from issuance.csr.literals import SHORTEST, Octets, written_octets
from issuance.csr.numbers import PublicKey, of_exponent, of_factors, on_curves
from issuance.keys.curves import CURVES
from issuance.keys.policy import Key

_SOME = re.compile(r"(?<![0-9A-Fa-f])[0-9A-Fa-f]{56}|[0-9A-Fa-f]{2}(?::\s{0,40}[0-9A-Fa-f]{2}){14}")
_DIGITS = (
    r"(?:0[xX])?[0-9A-Fa-f]{56,1300}"
    r"|[0-9A-Fa-f]{2}(?:(?::\s{0,40}|[ \t\r\n]{1,40})[0-9A-Fa-f]{2}){27,520}"
)
_PRIVATE = (
    r"(?:(?:ec|rsa)[ _-]?)?(?:priv(?:ate)?|secret)"
    r"(?:[ _-]?(?:key|exponent|scalar|multiplier|value|number))?"
    r"(?:[ _-](?:in[ _-])?(?:hex|dec|d)\w{0,8})?"
    r"|yksityinen avain|salainen avain|privat nyckel|hemlig nyckel|sk|d"
)
_NUMBER_OF_A_KEY = r"n|modulus|e|public ?exponent|[pq]|prime ?[12]"
_LABELLED = re.compile(
    rf"(?<![A-Za-z0-9])({_PRIVATE}|{_NUMBER_OF_A_KEY})[\"'`*]{{0,2}}(?:\[\w{{0,4}}\])?\s{{0,3}}"
    r"(?:\((?![^)]{0,40}(?i:sha|md5|hash|finger))[^()\n]{1,40}\)\s{0,3})?"
    r"(?::\s?\w{1,10}\s?=|:=|[:=]|\b(?:is|on|är)\b)\s{0,60}(?:[\w.]{1,30}\(\s{0,3})?[\"'`]?"
    rf"({_DIGITS}|0[xX][0-9A-Fa-f]{{1,17}}|[0-9]{{1,20}})[nNlL]?(?![\w+/])",
    re.IGNORECASE,
)
_IS_PRIVATE = re.compile(_PRIVATE, re.IGNORECASE)
_ALONE = re.compile(
    r"[\s\"'`({\[]{0,20}(0[xX])?([0-9A-Fa-f]{1,1300}(?:\r?\n[ \t]{0,20}[0-9A-Fa-f]{1,1300}){0,40})"
    r"[nNlL]?[\s\"'`)}\];,.]{0,20}"
)
_LONGEST_ALONE = 3000
_BARE = re.compile(r"(?<![\w+/=])(?:0[xX])?[0-9A-Fa-f]{56,1300}(?![\w+/=])")
_OF_PRIVATE = re.compile(r"(?i)priv|secret|scalar|(?:^|_)(?:d|sk|key)\d{0,4}$")
_OF_OTHERS = re.compile(r"(?i)pub|hash|digest|sha|finger|serial|cert|csr|mac|salt|nonce|(?:^|_)iv$")
_AROUND_ARRAY = re.compile(
    r"(?:byte(?:s|array)?|new|Uint8Array|Buffer\.from|vec!|[\s\[\](){};,.bBrR])*"
)
"""What may stand around an array that is the whole file: brackets, and the type in Go, Java, …"""
_MOST = 20
_LEAST = 1 << 200
"""Smallest private number searched for: only 1 in 2^56 scalars of P-256 is smaller."""
_SCALARS = (32, 33, 48, 49)
"""Octets of a scalar of P-256 or P-384, with or without a leading zero."""
# Digits of a scalar and of an RSA private exponent, which is seldom much shorter than its modulus.
_HEX_DIGITS = (range(60, 67), range(92, 99))
_DECIMALS = (range(73, 79), range(110, 117), range(600, 618), range(900, 926), range(1200, 1235))
_HEX_OF_RSA = (range(496, 515), range(752, 771), range(1008, 1027))


_SHAPES = bytes(
    0x68 if octet in b"0123456789ABCDEFabcdef" else 0x3A if octet == 0x3A else 0
    for octet in range(256)
)
_BLANKS = bytes(octet for octet in range(256) if chr(octet).isspace())
_OF_SOME = (b"h" * 56, b"hh:" * 14 + b"hh")


def _has_digits(text: str) -> bool:
    """Pre-test: whether a text has enough digits for a private number (`_SOME`).

    The pattern tries each digit of a text; most texts lack its shapes even without blanks and the
    characters beyond Latin-1, which is seen ten times faster.
    """
    shapes = text.encode("latin-1", errors="ignore").translate(_SHAPES, _BLANKS)
    return any(each in shapes for each in _OF_SOME) and bool(_SOME.search(text))


def may_hold_numbers(text: str) -> bool:
    """Pre-test: whether a text has enough digits or octets for a private number."""
    written = "\\x" in text or text.count(",") >= SHORTEST - 1
    return written or _has_digits(text) or _alone(text) is not None


def is_bare_key(text: str) -> bool:
    """Whether a text holds a number labelled as a private key, or nothing but such a number."""
    return any(True for _ in private_numbers(text))


def private_numbers(text: str) -> Iterator[int]:
    """Numbers in a text that count as private keys without a matching public key beside them."""
    yield from (_number_of(each) for each in written_octets(text) if _is_private(each, text))
    if number := _alone(text):
        yield number
    if not _has_digits(text):
        return
    labelled = list(_labelled(text))
    yield from (n for label, n in labelled if n > _LEAST and _IS_PRIVATE.fullmatch(label))
    names = _names(labelled)
    if _are_primes(names.get("p", 0), names.get("q", 0)):
        yield names["p"]


def bare_keys(texts: Iterable[str], beside: list[Key]) -> Iterator[PublicKey]:
    """The public halves of private keys written as numbers in the texts.

    ``beside``: the public keys in the upload; any number that matches one counts. A scalar whose
    curve is not known yields a key on each curve in which it is in range.
    """
    for text in texts:
        scalars = [number for number in private_numbers(text) if number.bit_length() <= 384]
        for scalar in islice(scalars, _MOST):
            yield from on_curves(scalar)
        if _has_digits(text) and (half := _of_names(_names(_labelled(text)))):
            yield half
        yield from proven(text, beside)


def proven(text: str, beside: list[Key]) -> Iterator[PublicKey]:
    """The keys in ``beside`` whose private number is in the text without a label."""
    numbers = _unlabelled(text) if beside else []
    for key in beside:
        if any(_belongs(number, key) for number in numbers):
            yield key.public_key


def _belongs(number: int, key: Key) -> bool:
    if key.point:
        curve = CURVES[key.facts.name]
        return curve.has_scalar(curve.point(key.point), number)
    if key.rsa is None or number >= key.rsa.modulus:
        return False
    modulus = key.rsa.modulus
    exponent = number.bit_length() > key.rsa.bits // 2 + 1
    return modulus % number == 0 or (
        exponent and of_exponent(modulus, key.rsa.exponent, number) is not None
    )


def _unlabelled(text: str) -> list[int]:
    numbers = [_number_of(each) for each in written_octets(text) if len(each.value) <= 520]
    for match in islice(_BARE.finditer(text), _MOST):
        digits = match[0]
        body = digits[2:] if digits[1:2] in ("x", "X") else digits
        decimal = [int(digits)] if digits.isdecimal() else []
        numbers += [int(body, 16), *decimal]
    return [number for number in numbers if number > _LEAST]


def _labelled(text: str) -> Iterator[tuple[str, int]]:
    for match in islice(_LABELLED.finditer(text), 10 * _MOST):
        digits = re.sub(r"[:\s]", "", match[2])
        hexadecimal = digits != match[2] or not digits.isdecimal()
        yield match[1].lower(), int(digits, 16) if hexadecimal else int(digits)


def _names(labelled: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The first number of each name n, e, d, p and q; for d the first above ``_LEAST``."""
    names: dict[str, int] = {}
    for label, number in labelled:
        name = _NAMES.get(label.replace(" ", ""), label)
        if _IS_PRIVATE.fullmatch(label):
            if number <= _LEAST:
                continue
            name = "d"
        names.setdefault(name, number)
    return names


_NAMES = {"modulus": "n", "publicexponent": "e", "prime1": "p", "prime2": "q"}


def _are_primes(p: int, q: int) -> bool:
    """Whether p and q have the sizes of RSA primes: those of DSA and DH differ more in length."""
    return 500 < p.bit_length() <= 2048 and abs(p.bit_length() - q.bit_length()) <= 16


def _of_names(names: dict[str, int]) -> PublicKey | None:
    """The RSA key of named numbers, as printed by ``openssl rsa -text`` and other programs."""
    modulus, exponent, p = names.get("n", 0), names.get("e", 65537), names.get("p", 0)
    if modulus and p:
        return of_factors(modulus, exponent, p, modulus // p)
    if modulus and "d" in names:
        return of_exponent(modulus, exponent, names["d"])
    q = names.get("q", 0)
    return of_factors(p * q, exponent, p, q) if _are_primes(p, q) else None


def _alone(text: str) -> int | None:
    """The number, if the text is nothing else and it has the size of a private number."""
    match = _ALONE.fullmatch(text) if len(text) <= _LONGEST_ALONE else None
    if match is None:
        return None
    digits, size = "".join(match[2].split()), len("".join(match[2].split()))
    if not match[1] and digits.isdecimal() and any(size in sizes for sizes in _DECIMALS):
        return int(digits)
    of_scalar = any(size in sizes for sizes in _HEX_DIGITS)
    if of_scalar and (size in (65, 66, 97, 98)) > digits.startswith("00"):
        return None  # 33 or 49 octets without a leading zero: a compressed point
    if of_scalar or (match[1] and any(size in sizes for sizes in _HEX_OF_RSA)):
        return int(digits, 16)
    return None


def _is_private(each: Octets, text: str) -> bool:
    if len(each.value) not in _SCALARS or _number_of(each) < _LEAST:
        return False
    if _OF_PRIVATE.search(each.label) and not _OF_OTHERS.search(each.label):
        return True
    rest = text[: each.start] + text[each.end :]
    return bool(_AROUND_ARRAY.fullmatch(rest))


def _number_of(each: Octets) -> int:
    return int.from_bytes(each.value)
