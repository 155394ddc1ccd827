"""OCSP under load: the process `front` beside other responders and beside servers of fixed bytes.

Peers are `openssl ocsp`, which signs each answer, and `cfssl ocspserve`, which has them signed
ahead as ours does, but verifies one each time that it gives it: both with the P-384 key that signs
ours, and with a P-256 key, with which that is several times as fast. The floors are one of our
answers as fixed bytes: from granian as `front` is served by it, and by its own interface. All
are asked in turns: by wrk over lasting connections; openssl, which has none, over a new one each
time. Rates are per CPU second of all processes of a server, from which what else the machine does
takes nothing.
"""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from urllib.request import Request, urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.ocsp import (
    OCSPCertStatus,
    OCSPResponderEncoding,
    OCSPResponseBuilder,
    load_der_ocsp_request,
    load_der_ocsp_response,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certportal.foundation import clock
from issuance.authority import ocsp
from issuance.der import write
from issuance.models import IssuingCA
from issuance.services.signer import signer_for
from issuance.signers import Signer
from tests.benchmarks import servers
from tests.benchmarks.harness import Figure, figure
from tests.benchmarks.servers import Server
from tests.stack import free_port

ROUNDS = int(os.environ.get("BENCH_STATUS_ROUNDS", "11"))
SECONDS = int(os.environ.get("BENCH_STATUS_SECONDS", "1"))
OURS, FIXED = "front", "the same response fixed, from the same server"
OPENSSL, CFSSL, GRANIAN = "openssl ocsp", "cfssl ocspserve", "granian's own interface, fixed bytes"
# As certportal/operations/serve_front.py; the containers have two workers.
SERVER = [sys.executable, "-m", "granian", "--no-ws", "--log-level", "error"]
WSGI = [*SERVER, "--interface", "wsgi", "--http", "1", "--workers", "1", "--blocking-threads", "3"]
LIFE = timedelta(days=1)
HEADERS = {"Content-Type": "application/ocsp-request"}

type Measured = dict[str, list[tuple[float, float]]]
"""By server, for each turn: requests a second by the clock and a CPU second."""


def figures(ca: IssuingCA, responder: Signer, folder: Path) -> Iterator[Figure]:
    """Yield the rates at which the statuses signed ahead for the CA are told."""
    names = ocsp.Names(ca.certificate)
    serials = list(ca.certificates.values_list("serial", flat=True))
    asked = [_request(names.cert_id("sha1", int(serial, 16))) for serial in serials]
    posted, got = folder / "post.lua", folder / "get.lua"
    path = f"/ocsp/{ca.stem}"
    posted.write_text(_lua([("POST", path, each) for each in asked]))
    got.write_text(_lua([("GET", _in_path(ca, each), b"") for each in asked]))
    with ExitStack() as started:

        def start(
            command: Sequence[str | Path], port: int, *, says: bool = True, **more: str
        ) -> Server:
            return started.enter_context(servers.served(command, port, more, says=says))

        ours = _front(start, folder)
        answers = [_told(ours, path, each) for each in asked]
        _keep(ours, _in_path(ca, asked[0]), folder)
        fixed = _fixed(start, folder)
        peers = _peers(start, ca, responder, dict(zip(serials, answers, strict=True)), folder)
        for name, server in peers.items():
            assert _told(server, path, asked[0]), name
        by_post = _in_turns({OURS: ours, FIXED: fixed, **peers}, posted, path, asked)
        by_get = _in_turns({OURS: ours, FIXED: fixed}, got, path, asked)
    yield from _told_by("POST", by_post)
    yield from _told_by("GET", by_get)


def _told_by(method: str, measured: Measured) -> Iterator[Figure]:
    """Yield our rate beside each other's, of the turn in the middle by their ratio."""
    for name in list(measured)[1:]:
        peer = name if name.startswith((OPENSSL, CFSSL)) else ""
        for at, how in enumerate(("by the clock", "per CPU second")):
            if name != FIXED and at == 0:
                continue  # the others keep or close connections as they like
            turns = zip(measured[OURS], measured[name], strict=True)
            pairs = sorted(((one[at], other[at]) for one, other in turns), key=_ratio)
            what = f"OCSP by {method} {how}, beside {name}"
            own, other = pairs[len(pairs) // 2]
            yield figure(what, own, "/s", other, peer=peer)


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1]


def _in_turns(
    which: dict[str, Server], script: Path, path: str, asked: Sequence[bytes]
) -> Measured:
    measured: Measured = {name: [] for name in which}
    for _ in range(ROUNDS):
        for name, server in which.items():
            measured[name].append(
                servers.one_by_one(server, path, asked, seconds=SECONDS)
                if name.startswith(OPENSSL)
                else servers.wrk(server, script, seconds=SECONDS)
            )
    return measured


# ------------------------------------------------------------------ the servers

type Start = Callable[..., Server]


def _front(start: Start, folder: Path) -> Server:
    port = free_port()
    command = [sys.executable, "-m", "certportal.operations.serve_front", f"127.0.0.1:{port}"]
    return start(command, port, PORTAL_PROCESS="front", PORTAL_DATA=str(folder))


def _fixed(start: Start, folder: Path) -> Server:
    port = free_port()
    command = [*WSGI, "--port", str(port), "tests.benchmarks.fixed:application"]
    return start(command, port, FIXED_RESPONSE=str(folder))


def _peers(
    start: Start, ca: IssuingCA, responder: Signer, answers: dict[str, bytes], folder: Path
) -> dict[str, Server]:
    """Return the others that are installed; openssl always is. ``answers``: ours, by serial."""
    quick, found = _quick(ca), dict[str, Server]()
    quickly = {each: _answer(ca, int(each, 16), quick) for each in answers}
    has_cfssl = servers.is_installed(servers.CFSSL)
    for key, signer, told in (("P-384", responder, answers), ("P-256", quick, quickly)):
        place = folder / f"peers-{key}"
        place.mkdir()
        found[f"{OPENSSL}, {key}"] = _openssl(start, ca, signer, list(told), place)
        if has_cfssl:
            found[f"{CFSSL}, {key}"] = _cfssl(start, told.values(), place)
    port = free_port()
    command = [*SERVER, "--interface", "rsgi", "--port", str(port), "tests.benchmarks.fixed:rsgi"]
    found[GRANIAN] = start(command, port, FIXED_RESPONSE=str(folder))
    return found


def _cfssl(start: Start, answers: Iterable[bytes], folder: Path) -> Server:
    listed, port = folder / "responses", free_port()
    listed.write_bytes(b"\n".join(map(b64encode, answers)))
    command = [servers.CFSSL, "ocspserve", "-loglevel", "4", "-port", str(port)]
    return start([*command, "-responses", listed], port)


def _openssl(
    start: Start, ca: IssuingCA, responder: Signer, serials: Sequence[str], folder: Path
) -> Server:
    """With this responder's key; each answer is signed when it is asked for."""
    port, index = free_port(), folder / "index.txt"
    index.write_text(
        "".join(f"V\t491231235959Z\t\t{each}\tunknown\t/CN={each}\n" for each in serials)
    )
    issuer, certificate, key = (folder / f"{name}.pem" for name in ("ca", "signer", "key"))
    issuer.write_bytes(ca.certificate.public_bytes(Encoding.PEM))
    certificate.write_bytes(responder.chain[0].public_bytes(Encoding.PEM))
    held = responder.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(held)
    command = ["openssl", "ocsp", "-ignore_err", "-ndays", "1", "-port", str(port)]
    command += ["-index", index, "-CA", issuer, "-rsigner", certificate, "-rkey", key]
    return start(command, port, says=False)  # two lines for each answer


def _quick(ca: IssuingCA) -> Signer:
    """A responder with a P-256 key, certified by the CA."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    above = signer_for(ca)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "quick")])
    made = x509.CertificateBuilder(ca.certificate.subject, name, key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + LIFE)
    made = made.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
    )
    return Signer((made.sign(above.private_key, hashes.SHA384()), *above.chain), key)


def _answer(ca: IssuingCA, serial: int, signer: Signer) -> bytes:
    """What `cfssl ocspsign` makes with a responder: the answer with the responder's certificate."""
    asked = load_der_ocsp_request(_request(ocsp.Names(ca.certificate).cert_id("sha1", serial)))
    now = clock.now()
    made = OCSPResponseBuilder().add_response_by_hash(
        issuer_name_hash=asked.issuer_name_hash,
        issuer_key_hash=asked.issuer_key_hash,
        serial_number=serial,
        algorithm=asked.hash_algorithm,
        cert_status=OCSPCertStatus.GOOD,
        this_update=now,
        next_update=now + LIFE,
        revocation_time=None,
        revocation_reason=None,
    )
    own = signer.chain[0]
    made = made.responder_id(OCSPResponderEncoding.HASH, own).certificates([own])
    return made.sign(signer.private_key, hashes.SHA256()).public_bytes(Encoding.DER)


# ------------------------------------------------------------------ requests and answers


def _request(cert_id: bytes) -> bytes:
    return write.sequence(write.sequence(write.sequence(write.sequence(cert_id))))


def _in_path(ca: IssuingCA, request: bytes) -> str:
    return f"/ocsp/{ca.stem}/{quote(b64encode(request), safe='')}"


def _told(server: Server, path: str, request: bytes) -> bytes:
    """Return the answer to the request, which says "good"."""
    with urlopen(Request(server.base + path, request, HEADERS)) as response:
        body: bytes = response.read()
    assert load_der_ocsp_response(body).certificate_status == OCSPCertStatus.GOOD
    return body


def _keep(server: Server, path: str, folder: Path) -> None:
    """Keep one answer, which was signed ahead, for others to give."""
    with urlopen(server.base + path) as response:
        body, told = response.read(), response.getheaders()
    (folder / "body").write_bytes(body)
    added = {"Server", "Date", "Connection"}  # by the server to every response
    headers = [(name, value) for name, value in told if name not in added]
    (folder / "headers").write_text(json.dumps(headers))


def _lua(requests: Sequence[tuple[str, str, bytes]]) -> str:
    """Return a script for wrk that puts the requests in turn."""
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in HEADERS.items())
    lines = ["local all, i = {}, 0", "function init()", "all = {"]
    for method, path, body in requests:
        octets = "".join(f"\\{octet:03d}" for octet in body)
        lines.append(f'wrk.format("{method}", "{path}", {{{headers}}}, "{octets}"),')
    return "\n".join([*lines, "} end", "function request() i = i % #all + 1 return all[i] end"])
