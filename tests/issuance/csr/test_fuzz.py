"""The doctor always answers, within 2 s of CPU and 512 MB, whatever the bytes.

Valid requests are changed octet by octet and element by element, up to 10 MB. The child
process runs under limits of the operating system, so that a loop or a flood is a failure.
"""

import base64
import bz2
import json
import lzma
import random
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from issuance.csr import Report, examine
from issuance.der import read
from issuance.der.write import integer, sequence, tlv as encode
from issuance.keys.computable import prepare_search
from tests.issuance.csr.builder import (
    DNS,
    GOOD,
    alt_names,
    attribute,
    extension,
    name,
    pem,
    request,
    rsa_key,
)
from tests.issuance.csr.private_keys import zipped

PEM = pem(GOOD.der())
DERS = [GOOD.der(), request(key=rsa_key())]
SEEDS = [*DERS, PEM.encode(), PEM.encode("utf-16")]
GOOD_PEM = PEM.encode()
CPU_SECONDS, MEMORY = 2.0, 512 * 1024 * 1024
MANY = settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])


prepare_search()  # as every process that answers within the limit does


def assert_answers(data: bytes) -> Report:
    started = time.process_time()
    report = examine(data)
    assert time.process_time() - started < CPU_SECONDS
    assert report.accepted or report.errors
    assert "file.unexamined" not in [finding.rule for finding in report.findings]
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
    return report


edits = st.lists(
    st.tuples(st.integers(0, 4000), st.binary(max_size=8), st.integers(0, 8)), max_size=6
)


@MANY
@given(st.sampled_from(SEEDS), edits)
def test_octets_changed(seed: bytes, changes: list[tuple[int, bytes, int]]) -> None:
    for place, octets, cut in changes:
        at = place % (len(seed) + 1)
        seed = seed[:at] + octets + seed[at + cut :]
    assert_answers(seed)


def elements(data: bytes) -> list[read.Element]:
    found = [read.read(data)]
    for element in found:
        if element.tag & 0x20:
            found += element.children()
    return found


@MANY
@given(
    st.sampled_from(DERS),
    st.integers(0, 200),
    st.sampled_from(["drop", "double", "tag", "empty", "fill"]),
    st.binary(min_size=1, max_size=40),
)
def test_elements_changed(seed: bytes, number: int, how: str, filling: bytes) -> None:
    found = elements(seed)
    element = found[number % len(found)]
    tag = bytes([element.tag])
    new = {
        "drop": b"",
        "double": element.encoded * 2,
        "tag": filling[:1] + element.encoded[1:],
        "empty": tag + b"\0",
        "fill": tag + bytes([len(filling)]) + filling,
    }[how]
    assert_answers(rebuilt(seed, element, new))


def rebuilt(data: bytes, changed: read.Element, new: bytes) -> bytes:
    """The request with one element replaced and all lengths around it put right."""

    def again(element: read.Element) -> bytes:
        if (element.start, element.end) == (changed.start, changed.end):
            return new
        if element.tag & 0x20 and element.start <= changed.start < element.end:
            return encode(element.tag, *(again(child) for child in element.children()))
        return element.encoded

    return again(read.read(data))


@MANY
@given(st.binary(max_size=3000))
def test_any_octets(data: bytes) -> None:
    assert not assert_answers(data).accepted


CHILD = """
import json, resource, sys
from issuance.csr import examine
from issuance.keys.computable import prepare_search
memory, seconds = int(sys.argv[1]), float(sys.argv[2])
prepare_search()
examine(b"")
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
spent = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
while line := sys.stdin.buffer.readline():
    data = sys.stdin.buffer.read(int(line))
    before = spent()
    limit = int(before + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    report = examine(data)
    rules = [finding.rule for finding in report.findings]
    print(json.dumps([report.accepted, report.reasons, rules, spent() - before]), flush=True)
"""


class Child:
    """A process that examines under limits of the operating system, and dies beyond them.

    On a virtual machine whose host is busy, CPU time grows manifold for moments. A file that takes
    too long does so each time, so it is asked for up to three times.
    """

    TRIES = 3

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(MEMORY), str(CPU_SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=self.folder,
        )

    def assert_answers(self, data: bytes) -> bool:
        """Whether the file is accepted; fails unless it is answered for within the limits."""
        for _ in range(self.TRIES):
            answer = self._answer(data)
            if not answer:
                with self.process:  # closes its pipes
                    assert self.process.wait() == -signal.SIGXCPU
                self.start()
                continue
            accepted, reasons, rules, spent = json.loads(answer)
            assert accepted or reasons
            assert "file.unexamined" not in rules
            if spent < CPU_SECONDS:
                return bool(accepted)
        pytest.fail(f"It took {CPU_SECONDS} s of CPU time each time: {data[:60]!r}")

    def _answer(self, data: bytes) -> bytes:
        """What the process says of the file; nothing if it died."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"%d\n" % len(data) + data)
        self.process.stdin.flush()
        return self.process.stdout.readline()


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    from django.conf import settings as project

    started = Child(project.BASE_DIR)
    yield started
    started.process.communicate(timeout=30)
    assert started.process.returncode == 0


sizes = st.sampled_from([70_000, 1_000_000, 10_000_000])
fillings = st.one_of(
    st.binary(min_size=1, max_size=40),
    st.sampled_from([b"\x30\x80", b"\x30\x00", b"-", b"-----BEGIN ", b"A", b"> ", b"\\n", b"=3D"]),
)
LARGE = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@LARGE
@example(SEEDS[0], 0, b"%", 1_000_000)
@given(st.sampled_from(SEEDS), st.integers(0, 4000), fillings, sizes)
def test_octets_swollen(child: Child, seed: bytes, place: int, filling: bytes, size: int) -> None:
    at = place % (len(seed) + 1)
    child.assert_answers(seed[:at] + filling * (size // len(filling)) + seed[at:])


@LARGE
@given(st.sampled_from(DERS), st.integers(0, 200), st.booleans(), fillings, sizes, st.booleans())
def test_elements_swollen(
    child: Child, seed: bytes, number: int, again: bool, filling: bytes, size: int, as_pem: bool
) -> None:
    found = elements(seed)
    element = found[number % len(found)]
    unit = element.encoded if again else filling
    swollen = unit * (size // len(unit))
    data = rebuilt(seed, element, swollen if again else encode(element.tag, swollen))
    child.assert_answers(pem(data).encode() if as_pem else data)


P, Q = 2**9941 - 1, 2**9689 - 1
LARGE_KEY = sequence(*map(integer, (0, P * Q, 65537, 65537, P, Q, 1, 1, 1)))
"""A private key whose factors, two primes of Mersenne, take a library minutes to test."""


def putty_of_empty_strings(length: int) -> bytes:
    """PuTTY's private key whose lines are strings of no octets, thousands of them."""
    head = b"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\n"
    body = b"A" * length
    return head + b"Public-Lines: 1\n" + body + b"\nPrivate-Lines: 1\n" + body + b"\n"


def of_long_names() -> list[bytes]:
    """Requests with names as long as a file may be, which end in what no name has."""
    texts = ["a." * 30_000 + " b", "_" * 60_000 + "!", "a_" * 30_000 + "!", "1:" * 30_000]
    subjects = [name(attribute("CN", text)) for text in texts]
    names = [alt_names((DNS, text.encode())) for text in texts]
    return [request(subject=subject) for subject in subjects] + [
        request(extensions=(extension,)) for extension in names
    ]


def of_many_runs() -> list[bytes]:
    """Texts in which base64 and digits begin anew on each line, and archives in archives."""
    size, line = 10_000_000, b"MI" + b"A" * 20 + b"\n"
    bomb = zipped(**{str(n): bytes(300_000) for n in range(50)})
    return [
        line * (size // len(line)),
        (line + b"\n") * (size // len(line)),
        (line + b"\n" * 5000) * (size // 5000),
        b"sairaanhoitopiiri-" * (size // 18),
        (b"3082" + b" " * 90 + b"x") * (size // 95),
        zipped(**{str(n): bomb + b"%d" % n for n in range(50)}),
    ]


def of_many_keys() -> list[bytes]:
    """Files of dozens of large keys, whole or not, which all take time to prove."""
    modulus, numbers = base64.urlsafe_b64encode(b"\xff" * 512).decode(), range(100, 160)
    large = [integer(n) for n in (P * Q, 65537)]
    ders = [sequence(integer(0), *large, *map(integer, (n, P, Q, 1, 1, 1))) for n in numbers]
    names = {"kty": "RSA", "n": modulus, "e": "AQAB"}
    jwks = [json.dumps(names | {"d": "_" * 680 + str(n)}) for n in numbers]
    scalars = [json.dumps({"kty": "EC", "crv": "P-384", "d": "A" * 60 + str(n)}) for n in numbers]
    inside = {str(n): "".join(scalars[n:]).encode() for n in range(50)}
    return [
        "".join(pem(der, "RSA PRIVATE KEY") for der in ders).encode(),
        "".join(jwks).encode(),
        zipped(**inside),
    ]


def of_many_numbers() -> list[bytes]:
    """Texts full of digits, arrays, escapes and labels, each nearly a private key."""
    size, digits = 1_000_000, b"0123456789abcdef" * 4
    return [
        digits * (size // 64),
        (digits[:55] + b"g") * (size // 56),
        (digits + b"\n") * (size // 65),
        GOOD_PEM + (digits + b"\n") * 1200,
        b"ab:" * (size // 3),
        (b"d = " + digits + b"\n") * (size // 69),
        b"d: " * (size // 3),
        (b"d:" + b" " * 60) * (size // 62),
        (b"n = " + b"9" * 1200 + b"\nd = " + b"7" * 1200 + b"\n") * 400,
        b"{" + b"0x30, " * (size // 6),
        b"[1," * (size // 3),
        b"{" * size,
        b'"\\x30' * (size // 5),
        b"b'" + b"\\x30" * (size // 4),
        b"'\\" * (size // 2),
        b"\\x" + b'\\"' * (size // 2),
        b"\\x" + b"\\'" * (size // 2),
        b"00000000: 3082 04be\n" * (size // 20),
        b"Private-key-format: v1.3\nAlgorithm: 13\nPrivateKey: AQ==\n" * (size // 60),
        zlib.compress(bytes(size * 10)),
        bz2.compress(bytes(size * 10)),
        lzma.compress(bytes(size * 10)),
        b"\xfd7zXZ\0" + bytes(size),
        zipped(**{str(n): bz2.compress(bytes(900_000) + b"%d" % n) for n in range(50)}),
    ]


def monsters() -> list[bytes]:
    """Large and spiteful files: what makes slow parsers, regexes and big integers show."""
    dice, good, size = random.Random(7), pem(GOOD.der()).encode(), 10_000_000
    modulus = b"\x02\x82\xe0\x00" + dice.randbytes(0xE000)
    return [
        dice.randbytes(size),
        b"A" * size,
        b"-" * size,
        b"-----BEGIN CERTIFICATE REQUEST-----\n" * (size // 36),
        b"-----BEGIN " + b"A" * size,
        b"-----BEGIN" + b" " * size,
        good * (size // len(good)),
        b"x\n" * (size // 2) + good,
        b"\x30\x80" * (size // 2),
        b"\x30\x84\x00\x98\x96\x7a" + b"\x30\x00" * (size // 2),
        b"> " * (size // 2),
        b'{"kty":' * (size // 7),
        b"<RSAKeyValue>" * (size // 13),
        b"ab: cd\n" * (size // 7),
        b"\x30\x83\x00\xff\xfa" + b"\x06\x01\x2a" * 21_800,
        b"\x30\x83\x00\xe0\x04" + modulus,
        bytes(size),
        "-----BEGIN PRIVATE".encode("utf-16") * (size // 40),
        pem(b"\x30\x82" * 6000, "RSA PRIVATE KEY").encode(),
        pem(LARGE_KEY, "RSA PRIVATE KEY").encode(),
        putty_of_empty_strings(160_000) * 3,
        *of_long_names(),
        request(extensions=(extension("1.2.3", b""),) * 6000),
        *of_many_runs(),
        *of_many_keys(),
        *of_many_numbers(),
    ]


def test_monsters_are_refused_within_the_limits(child: Child) -> None:
    for data in monsters():
        assert not child.assert_answers(data)
