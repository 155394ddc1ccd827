"""A minute under a thousand idle and dripping connections, through `./portal run` as it stands.

BENCH_CROWD_SECONDS and BENCH_CROWD_BASE (of a service that runs already, such as the containers'
proxy) change the length and the service.
"""

import asyncio
import multiprocessing
import os
import ssl
import tempfile
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.ocsp import OCSPRequestBuilder

from tests import served
from tests.benchmarks.harness import Figure, figure, percentile
from tests.stack import ROOT, free_port

SECONDS = float(os.environ.get("BENCH_CROWD_SECONDS", "60"))
BASE = os.environ.get("BENCH_CROWD_BASE", "")
CONNECTIONS = 1000
PAUSE = 1.0
"""Seconds between the octets that a connection drips."""
LEAST_ALLOWED = 50.0
"""Milliseconds; p95 may be twice that of the quiet service, or this much."""
STEM = "sote-ec-1"
HEAD = "POST /fi/ HTTP/1.1\r\nHost: {host}\r\n"
KINDS = {
    "says nothing": ("", False),
    "half a head": (HEAD + "X-Slow: ", False),
    "drips a head": (HEAD + "X-Slow: ", True),
    "half a body": (HEAD + "Content-Length: 9000\r\n\r\n", False),
    "drips a body": (HEAD + "Content-Length: 9000\r\n\r\n", True),
}


def run() -> list[Figure]:
    """Return p95 of each address in ms, the floor being the same when nobody else is there."""
    with _service() as base:
        paths = _paths(base)
        quiet = _measure(base, paths, min(SECONDS, 20))
        crowd = multiprocessing.Process(target=_crowd, args=(base,), daemon=True)
        crowd.start()
        try:
            time.sleep(5)  # until all are connected
            busy = _measure(base, paths, SECONDS)
        finally:
            crowd.terminate()
            crowd.join()
    return [
        figure(f"{name}: p95 under {CONNECTIONS} connections", busy[name], "ms", quiet[name])
        for name in paths
    ] + [figure("addresses within max(2 x quiet, 50 ms)", _within(quiet, busy), f"of {len(paths)}")]


def _within(quiet: dict[str, float], busy: dict[str, float]) -> int:
    return sum(busy[name] <= max(2 * quiet[name], LEAST_ALLOWED) for name in quiet)


@contextmanager
def _service() -> Iterator[str]:
    """The base address of the service: one started for this, or the one that is named."""
    if BASE:
        yield BASE
        return
    with tempfile.TemporaryDirectory(prefix="portal-crowd-", dir="/var/tmp") as folder:
        data, port = Path(folder).resolve(), free_port()
        (data / "lock").touch()
        run = served.start(ROOT, data, port)
        try:
            served.told_by(run, data)
            yield f"http://localhost:{port}"
        finally:
            served.stop(run, data)


def _paths(base: str) -> dict[str, str]:
    with _get(f"{base}/ca/{STEM}.crt") as answer:
        ca = x509.load_der_x509_certificate(answer.read())
    # No response to this is signed ahead, so the `ca` worker is asked: the longest way.
    asked = OCSPRequestBuilder().add_certificate(ca, ca, SHA1()).build()
    in_path = quote(b64encode(asked.public_bytes(Encoding.DER)), safe="")
    return {
        "livez": "/livez",
        "start page": "/fi/",
        "CRL": f"/crl/{STEM}.crl",
        "OCSP": f"/ocsp/{STEM}/{in_path}",
    }


def _get(url: str):
    context = ssl._create_unverified_context() if url.startswith("https") else None
    return urllib.request.urlopen(url, timeout=30, context=context)


def _measure(base: str, paths: dict[str, str], seconds: float) -> dict[str, float]:
    """Ask for each path in turn over a new connection; return p95 in ms by name."""
    taken: dict[str, list[float]] = {name: [] for name in paths}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for name, path in paths.items():
            begun = time.perf_counter()
            with _get(base + path) as answer:
                answer.read()
            taken[name].append(1000 * (time.perf_counter() - begun))
        time.sleep(0.05)
    return {name: percentile(values, 0.95) for name, values in taken.items()}


# ------------------------------------------------------------------ the crowd


def _crowd(base: str) -> None:
    asyncio.run(_everybody(base))


async def _everybody(base: str) -> None:
    kinds = list(KINDS.values())
    await asyncio.gather(*(_one(base, *kinds[each % len(kinds)]) for each in range(CONNECTIONS)))


async def _one(base: str, said: str, drips: bool) -> None:
    """One connection, which comes back whenever the service has ended it."""
    address = urlsplit(base)
    secure = address.scheme == "https"
    context = ssl._create_unverified_context() if secure else None
    port = address.port or (443 if secure else 80)
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(address.hostname, port, ssl=context)
            writer.write(said.format(host=address.netloc).encode())
            await _stay(reader, writer, drips)
            writer.close()
        await asyncio.sleep(0.1)


async def _stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, drips: bool) -> None:
    while not reader.at_eof():
        if drips:
            writer.write(b"x")
            await writer.drain()
        with suppress(TimeoutError):
            await asyncio.wait_for(reader.read(1000), PAUSE)
