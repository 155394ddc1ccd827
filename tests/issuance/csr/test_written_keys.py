"""Private keys written as numbers, by programs, by BIND, and packed: each is refused and blocked.

The keys are drawn anew for each run; words about keys, hashes and dumps of requests are none.
"""

import base64
import bz2
import hashlib
import io
import json
import lzma
import random
import tarfile
import textwrap
import zlib
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from issuance.csr import Report, bare_keys, examine
from issuance.keys.curves import CURVES
from issuance.keys.policy import spki_sha256
from tests.issuance.csr.builder import GOOD, ec_key, pem, request, rsa_key, spki_of
from tests.issuance.csr.private_keys import PKCS8, TRADITIONAL, drawn, dump

KINDS = ["P-256", "P-384", "RSA"]


@cache
def key_of(kind: str):
    """One key of each kind for the whole run."""
    return rsa_key() if kind == "RSA" else drawn(CURVES[kind])


def c_array(octets: bytes, name: str) -> str:
    body = textwrap.fill(", ".join(f"0x{octet:02x}" for octet in octets), 72)
    return f"static const unsigned char {name}[{len(octets)}] = {{\n{body}\n}};\n"


def c_string(octets: bytes) -> str:
    lines = [octets[at : at + 16] for at in range(0, len(octets), 16)]
    body = "\n".join('  "' + "".join(f"\\x{octet:02x}" for octet in line) + '"' for line in lines)
    return f"const char *value =\n{body};\n"


def rows(octets: bytes) -> list[tuple[int, bytes, str]]:
    lines = [(at, octets[at : at + 16]) for at in range(0, len(octets), 16)]
    return [
        (at, line, "".join(chr(octet) if 32 <= octet < 127 else "." for octet in line))
        for at, line in lines
    ]


def xxd(octets: bytes) -> str:
    return "".join(f"{at:08x}: {line.hex(' ', 2):39}  {seen}\n" for at, line, seen in rows(octets))


def hexdump(octets: bytes) -> str:
    return "".join(
        f"{at:08x}  {line[:8].hex(' '):23}  {line[8:].hex(' '):23}  |{seen}|\n"
        for at, line, seen in rows(octets)
    )


def tar(octets: bytes, how: str = "") -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode=f"w:{how}") as writer:
        head = tarfile.TarInfo("tls/avain")
        head.size = len(octets)
        writer.addfile(head, io.BytesIO(octets))
    return archive.getvalue()


PROGRAMS = {"c": lambda der: c_array(der, "blob"), "python": lambda der: f"x = {der!r}"}
PROGRAMS |= {"list": lambda der: json.dumps(list(der)), "c-string": c_string}
PROGRAMS |= {"xxd": xxd, "hexdump": hexdump}
PACKERS = {"zlib": zlib.compress, "bzip2": bz2.compress, "xz": lzma.compress, "tar": tar}
PACKERS |= {f"tar.{how}": lambda data, how=how: tar(data, how) for how in ("gz", "bz2", "xz")}
PACKERS |= {"xz-base64": lambda data: base64.b64encode(lzma.compress(data))}
DUMPS = {
    "pem": lambda key: dump(key),
    "pkcs8": lambda key: dump(key, Encoding.DER, PKCS8),
    "traditional": lambda key: dump(key, Encoding.DER, TRADITIONAL),
}


def read(data: bytes | str) -> Report:
    return examine(data.encode() if isinstance(data, str) else data)


def is_blocked(data: bytes | str, key) -> bool:
    report = read(data)
    is_named = spki_sha256(spki_of(key)) in report.leaked_spki_sha256
    is_told = report.contains_private_key and report.reasons[0] == "private-key-included"
    return is_named and is_told


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_is_found_as_programs_write_and_pack_it(kind: str) -> None:
    key, ways = key_of(kind), PROGRAMS | PACKERS
    octets = {form: dumped(key) for form, dumped in DUMPS.items()}
    assert [
        (how, form)
        for how in ways
        for form in DUMPS
        if not is_blocked(ways[how](octets[form]), key)
    ] == []


def in_lines(octets: bytes) -> str:
    return "\n    ".join(textwrap.wrap(octets.hex(":"), 45))


SCALARS = {
    "hex": lambda d, raw: f"{d:x}",
    "hex-padded": lambda d, raw: raw.hex().upper() + "\r\n",
    "0x": lambda d, raw: hex(d),
    "decimal": lambda d, raw: str(d),
    "decimal-wrapped": lambda d, raw: textwrap.fill(str(d), 40),
    "labelled": lambda d, raw: f"Curve: P-256\nPrivate key: {raw.hex()}\n",
    "labelled-finnish": lambda d, raw: f"Yksityinen avain: {raw.hex()}",
    "in-a-sentence": lambda d, raw: f"Hello, my private key is {raw.hex()}. Thanks!",
    "d": lambda d, raw: f"d = {hex(d)}",
    "python-2-long": lambda d, raw: f"priv = {hex(d)}L\n",
    "javascript-bigint": lambda d, raw: f"const d = {hex(d)}n;",
    "go-alone": lambda d, raw: "[]byte{" + ", ".join(map(str, raw)) + "}\n",
    "javascript-alone": lambda d, raw: f"new Uint8Array({list(raw)})",
    "d-decimal": lambda d, raw: f"x: 1\nd: {d}\n",
    "json": lambda d, raw: json.dumps({"curve": "P-256", "privateKey": raw.hex()}),
    "python-int": lambda d, raw: f'd = int("{raw.hex()}", 16)',
    "python-hex": lambda d, raw: f"priv = bytes.fromhex('{raw.hex()}')",
    "python-bytes": lambda d, raw: f"d = {raw!r}",
    "python-bytes-alone": lambda d, raw: repr(b"\xff" * 0 + raw),
    "python-list": lambda d, raw: f"secret = {list(raw)}",
    "python-list-alone": lambda d, raw: str(list(raw)),
    "bytearray": lambda d, raw: f"priv = bytearray({list(raw)})",
    "javascript": lambda d, raw: f"const d = new Uint8Array({list(raw)});",
    "java": lambda d, raw: (
        "byte[] priv = {" + ", ".join(f"(byte)0x{octet:02X}" for octet in raw) + "};"
    ),
    "c-array": lambda d, raw: c_array(raw, "priv"),
    "c-array-key": lambda d, raw: c_array(raw, "ec_key"),
    "openssl-text": lambda d, raw: f"Private-Key: (256 bit)\npriv:\n    {in_lines(raw)}\npub:\n",
    "xz": lambda d, raw: lzma.compress(raw.hex().encode()),
    "tar": lambda d, raw: tar(raw.hex().encode()),
    "beside-its-request": lambda d, raw: csr_of(len(raw)) + f"\n{raw.hex()}\n",
    "decimal-beside-its-request": lambda d, raw: csr_of(len(raw)) + f"\nkey {d}\n",
    "array-beside-its-request": lambda d, raw: csr_of(len(raw)) + c_array(raw, "x"),
}


@cache
def csr_of(octets: int) -> str:
    """A request for the key whose scalar is so long."""
    return pem(request(key=key_of(f"P-{octets * 8}")))


@pytest.mark.parametrize("kind", ["P-256", "P-384"])
def test_a_bare_scalar_is_a_private_key(kind: str) -> None:
    key = key_of(kind)
    scalar = key.private_numbers().private_value
    raw = scalar.to_bytes(key.key_size // 8)
    assert "\\x" in str(raw), "a scalar of letters only: once in 10^14"
    assert [form for form in SCALARS if not is_blocked(SCALARS[form](scalar, raw), key)] == []


def test_the_numbers_of_an_rsa_key_are_a_private_key() -> None:
    key = rsa_key()
    numbers = key.private_numbers()
    n, d, p, q = numbers.public_numbers.n, numbers.d, numbers.p, numbers.q
    sizes = {"modulus": (n, 256), "privateExponent": (d, 256), "prime1": (p, 128)}
    blocks = [
        f"{name}:\n    {in_lines(b'\0' + value.to_bytes(size))}\n"
        for name, (value, size) in sizes.items()
    ]
    blocks.insert(1, "publicExponent: 65537 (0x10001)\n")
    csr = pem(request(key=key))
    forms = {
        "decimal": f"n = {n}\ne = 65537\nd = {d}\n",
        "hex": f"n=0x{n:x}\ne=0x10001\nd=0x{d:x}",
        "primes": f"p = {p}\nq = {q}\n",
        "openssl-text": "".join(blocks),
        "exponent-beside-its-request": f"{csr}d = {d}\n",
        "prime-beside-its-request": f"{csr}\n{p}\n",
    }
    assert [form for form, text in forms.items() if not is_blocked(text, key)] == []


@pytest.mark.parametrize("text", [str, hex])
def test_a_bare_private_exponent_is_refused_although_no_key_can_be_named(text) -> None:
    report = read(text(rsa_key().private_numbers().d))
    assert report.contains_private_key
    assert report.leaked_spki_sha256 == []


def b64(number: int, octets: int = 0) -> str:
    return base64.b64encode(number.to_bytes(octets or (number.bit_length() + 7) // 8)).decode()


@pytest.mark.parametrize(("kind", "algorithm"), [("P-256", 13), ("P-384", 14)])
def test_a_key_of_dnssec_is_a_private_key(kind: str, algorithm: int) -> None:
    key = key_of(kind)
    scalar = b64(key.private_numbers().private_value, key.key_size // 8)
    head = f"Private-key-format: v1.3\nAlgorithm: {algorithm} (ECDSA)\n"
    assert is_blocked(f"{head}PrivateKey: {scalar}\nCreated: 20261126060000\n", key)


def test_an_rsa_key_of_dnssec_is_a_private_key() -> None:
    numbers = rsa_key().private_numbers()
    fields = {
        "Modulus": numbers.public_numbers.n,
        "PublicExponent": 65537,
        "PrivateExponent": numbers.d,
        "Prime1": numbers.p,
        "Prime2": numbers.q,
        "Coefficient": numbers.iqmp,
    }
    lines = [f"{name}: {b64(number)}\n" for name, number in fields.items()]
    head = "Private-key-format: v1.3\nAlgorithm: 8 (RSASHA256)\n"
    assert is_blocked(head + "".join(lines), rsa_key())


def test_ten_scalars_of_one_file_are_named() -> None:
    keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(10)]
    lines = [f"d = {hex(key.private_numbers().private_value)}\n" for key in keys]
    hashes = examine("".join(lines).encode()).leaked_spki_sha256
    assert {spki_sha256(spki_of(key)) for key in keys} <= set(hashes)


HASH = hashlib.sha256(b"kanta").hexdigest()


@cache
def no_keys() -> dict[str, str]:
    modulus = rsa_key().public_key().public_numbers().n
    return {
        "hash-of-a-file": f"{HASH}  palvelin.csr\n{HASH}  palvelin.key\n",
        "hash-of-a-key": f"private key sha256: {HASH}",
        "hash-of-a-key-in-brackets": f"Private key (SHA-256): {HASH}",
        "hash-by-openssl": f"SHA256(private.key)= {HASH}",
        "fingerprint-of-a-key": f"Private key fingerprint: {HASH}",
        "fingerprint": "SHA256 Fingerprint=" + bytes.fromhex(HASH).hex(":").upper(),
        "fingerprint-alone": bytes.fromhex(HASH).hex(":"),
        "serial": f"Serial Number: 0x{HASH[:40]}",
        "serial-decimal": f"Serial Number: {int(HASH[:40], 16)}",
        "sha-1": HASH[:40],
        "sha-512": HASH * 2,
        "point": f"public key: 04{HASH * 2}",
        "point-alone": f"04{HASH * 2}",
        "compressed-point-alone": f"02{HASH}",
        "modulus": f"Modulus={modulus:X}",
        "public-numbers": f"n = {modulus}\ne = 65537",
        "name": f"Key Id: {HASH}\nid: {HASH}",
        "dns": f"_443._tcp TLSA 3 1 1 {HASH}",
        "dsa-parameters": f"p = {modulus}\nq = {int(HASH, 16)}",
        "array-of-a-hash": c_array(bytes.fromhex(HASH), "sha256_of_key"),
        "array-of-a-point": c_array(b"\x04" + bytes.fromhex(HASH * 2), "pub"),
        "words": f"We keep the private key in the HSM; d is secret. SHA-256 {HASH}",
    }


def test_words_hashes_and_public_numbers_are_no_private_keys() -> None:
    assert [form for form, text in no_keys().items() if read(text).contains_private_key] == []


@pytest.mark.parametrize("key", [rsa_key, ec_key])
def test_a_request_so_written_is_no_private_key(key) -> None:
    ways = PROGRAMS | PACKERS | {"hex": bytes.hex, "hex-blanks": lambda der: der.hex(" ")}
    der = request(key=key())
    for octets in (der, pem(der).encode()):
        assert [way for way in ways if read(ways[way](octets)).contains_private_key] == []


@pytest.mark.parametrize("beside", ["hash-of-a-file", "fingerprint", "serial", "sha-1", "words"])
def test_a_request_with_a_hash_beside_it_is_accepted(beside: str) -> None:
    assert examine(f"{pem(GOOD.der())}\n{no_keys()[beside]}\n".encode()).accepted
    assert examine(f"{pem(GOOD.der())}\n{HASH}\n".encode()).accepted


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"7z\xbc\xaf\x27\x1c\0\4", "7z"),
        (b"Rar!\x1a\x07\x01\0", "RAR"),
        (b"Rar!\x1a\x07\0", "RAR"),
        (b"\x28\xb5\x2f\xfd\x24", "zstd"),
        (bz2.compress(b"a"), "bzip2"),
        (lzma.compress(b"a"), "xz"),
        (tar(b"a"), "tar"),
    ],
)
def test_an_archive_is_named(head: bytes, kind: str) -> None:
    report = examine(head + bytes(40))
    assert report.file_kind == kind
    assert [finding.rule for finding in report.errors] == ["file.other_type"]


def test_archives_are_unpacked_within_bounds() -> None:
    for pack in (zlib.compress, bz2.compress, lzma.compress):
        assert examine(pack(bytes(3_000_000))).reasons == ["not-a-csr"]


def test_digits_are_seen_in_a_first_look_wherever_the_pattern_finds_them() -> None:
    """The first look is quicker, and takes no text for one without a number that has one."""
    pairs = ["a1", ":", "\n", " ", "\u2003", "\x1f", "\x85", "g", "ä", "李", "a1:" * 14 + "a1"]
    pairs += ["0b" * 28, "0b" * 27, ":\u2003 ".join(["C3"] * 15), ":\n".join(["C3"] * 14)]
    chosen = random.Random(15)
    texts = ["".join(chosen.choices(pairs, k=chosen.randrange(1, 9))) for _ in range(2000)]
    found = [bare_keys._has_digits(text) for text in texts]
    assert found == [bool(bare_keys._SOME.search(text)) for text in texts]
    assert {True, False} == set(found)
