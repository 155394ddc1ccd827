"""How fast the doctor examines requests, beside the same checks straight through the libraries."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import gmpy2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from issuance.csr import examine
from issuance.keys.computable import weakness
from issuance.keys.rsa import deep_faults, roca, sharedprimes
from tests.benchmarks import made_requests
from tests.benchmarks.harness import Figure, cpu_rates, figure, note, percentile
from tests.benchmarks.processes import peak_of, resident_of, watch_peak

HOST = "resepti.mallisairaala.fi"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "open" / "manifest.json"
LIMIT = 10.0
"""Milliseconds that 95 % of the files may take at most, once their key has been examined."""
LARGE = 9_900_000
"""Octets of an uploaded file. The first `MOST_SEARCHED` are searched, and the rest is refused."""

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def forget_keys() -> None:
    """Clear the cached results, so that every key is examined again."""
    deep_faults.cache_clear()
    weakness.cache_clear()


def run() -> list[Figure]:
    """Examinations a second for three kinds of key, and the time for files of every kind."""
    kinds: list[tuple[str, PrivateKey]] = [
        ("RSA-2048", rsa.generate_private_key(65537, 2048)),
        ("RSA-4096", rsa.generate_private_key(65537, 4096)),
        ("P-256", ec.generate_private_key(ec.SECP256R1())),
    ]
    return [each for name, key in kinds for each in _kind(name, key)] + _escapes() + _files()


def _kind(name: str, key: PrivateKey) -> list[Figure]:
    """Twice: what takes long is remembered by key, or for RSA counted on both sides.

    A key comes back with each correction, and for the check and the issuing after the upload.
    """
    data = _request(key)
    assert examine(data).accepted
    floor, known = cpu_rates([_floor(data), lambda: examine(data)])
    bare, new = cpu_rates([_floor(data, deep=True), lambda: _examine_new(data)], rounds=2)
    return [
        figure(f"{name}: examinations", known, "1/s", floor),
        figure(f"{name}: of keys never seen, with the long tests", new, "1/s", bare),
    ]


def _examine_new(data: bytes) -> None:
    forget_keys()
    examine(data)


def _request(key: PrivateKey) -> bytes:
    attributes = [(NameOID.COUNTRY_NAME, "FI"), (NameOID.ORGANIZATION_NAME, "Mallisairaala Oy")]
    attributes += [(NameOID.COMMON_NAME, HOST)]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    builder = x509.CertificateSigningRequestBuilder(name)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def _floor(data: bytes, *, deep: bool = False) -> Callable[[], None]:
    """Parse, signature check, gcd, ROCA and Fermat with a residue filter; nothing else.

    ``deep`` adds the long tests of RSA: for a published prime, for a prime modulus, and Pollard's
    p-1 method with each prime to 65536 twice. Those of curves are our own and have no floor.
    """
    primes = gmpy2.primorial(65537)
    smooth = gmpy2.primorial(65536) ** 2

    def work() -> None:
        csr = x509.load_der_x509_csr(data)
        assert csr.is_signature_valid
        key = csr.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            modulus = gmpy2.mpz(key.public_numbers().n)
            assert gmpy2.gcd(primes, modulus) == 1
            assert not roca(int(modulus))
            _fermat(modulus)
            assert not deep or not sharedprimes(int(modulus))
            assert not deep or gmpy2.powmod(2, modulus - 1, modulus) != 1
            assert not deep or gmpy2.gcd(gmpy2.powmod(2, smooth, modulus) - 1, modulus) == 1

    return work


def _fermat(modulus: "gmpy2.mpz") -> None:
    root = gmpy2.isqrt(modulus) + 1
    rest, step = root * root - modulus, 2 * root + 1
    for _ in range(100):
        assert not gmpy2.is_square(rest)
        rest += step
        step += 2


def _files() -> list[Figure]:
    """Files made here, and other people's where the corpus stands beside this clone."""
    figures = _quantiles("files made here", list(made_requests.made()))
    if not CORPUS.exists():
        note("No ../shared beside this clone: the rows of the open corpus are left out.")
        return figures
    entries = json.loads(CORPUS.read_text())["entries"]
    files = [(CORPUS.parents[1] / entry["file"]).read_bytes() for entry in entries]
    return [*figures, *_quantiles("open corpus", files)]


def _quantiles(which: str, files: list[bytes]) -> list[Figure]:
    """Each file twice: its key never seen before, and seen just then."""
    never, again = [], []
    for data in files:
        forget_keys()
        never.append(_time(data))
        again.append(_time(data))
    what = f"{len(files)} {which}" if which.startswith("files") else f"{which}, {len(files)} files"
    return [
        figure(f"{what}, p50 of CPU time, keys seen before", percentile(again, 0.50), "ms"),
        figure(f"{what}, p95 of CPU time, keys seen before", percentile(again, 0.95), "ms", LIMIT),
        figure(f"{what}, p50 of CPU time, keys never seen", percentile(never, 0.50), "ms"),
        figure(f"{what}, p95 of CPU time, keys never seen", percentile(never, 0.95), "ms"),
    ]


def _time(data: bytes) -> float:
    """Milliseconds of CPU time that the file takes."""
    started = time.process_time()
    examine(data)
    return (time.process_time() - started) * 1000


def _escapes() -> list[Figure]:
    """The largest file of one escape repeated that takes longest, and that which takes most."""
    times, grown = {}, {}
    for escape, data in made_requests.escapes(LARGE).items():
        examine(data[:1000])
        rest = resident_of(os.getpid())
        watch_peak(os.getpid())
        times[escape] = _time(data)
        grown[escape] = peak_of(os.getpid()) - rest
    slowest, largest = max(times, key=times.__getitem__), max(grown, key=grown.__getitem__)
    what = f"{LARGE / 1e6:.1f} MB of {{!r}} repeated, 1 MiB of it searched"
    return [
        figure(f"{what.format(slowest)}, CPU time", times[slowest], "ms", 100.0),
        figure(f"{what.format(largest)}, memory more at the peak", grown[largest], "MiB", 20.0),
    ]
