"""A time stamp service (RFC 3161) of the tests over HTTP, with its root's revocation list.

OpenSSL makes the answers.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from issuance.authority import crl, hierarchy
from issuance.authority.build import authority_key_identifier, crl_distribution_points, key_usage
from issuance.authority.hierarchy import CaNames
from issuance.signers.protocol import make_key

CONFIGURATION = """
[tsa]
default_tsa = service
[service]
serial = serial
signer_cert = own.pem
signer_key = own.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
"""


class Service:
    """The service: `url`, its root as a file of PEM, whether it answers, and how.

    `answer`: what it answers instead of a stamp. `slow`: the path at which it sends a byte ten
    times a second. `was_cut`: whether its client did not wait for all of them.
    """

    def __init__(self, port: int, folder: Path) -> None:
        """Make the keys and certificates, valid since yesterday."""
        now = datetime.now(UTC).replace(microsecond=0)
        begun, ends = now - timedelta(days=1), now + timedelta(days=30)
        self.url, self.answers = f"http://127.0.0.1:{port}/stamp", True
        self.answer: bytes | None = None
        self.slow, self.was_cut = "", False
        names = CaNames("Time", None, "Root of time")
        root = hierarchy.make_root(make_key("ec"), names, begun, ends)
        self.list = crl.make([], crl.CrlFacts(1, begun, ends), root)
        key = make_key("ec")
        own = (
            x509.CertificateBuilder()
            .serial_number(7)
            .issuer_name(root.chain[0].subject)
            .subject_name(CaNames("Time", None, "Time stamps").name())
            .public_key(key.public_key())
            .not_valid_before(begun)
            .not_valid_after(ends)
            .add_extension(authority_key_identifier(root.chain[0]), critical=False)
            .add_extension(key_usage(frozenset({"digital_signature"})), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
            .add_extension(crl_distribution_points(f"http://127.0.0.1:{port}/list.crl"), False)
            .sign(root.private_key, SHA384())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.folder = folder / "time"
        self.folder.mkdir()
        (self.folder / "own.pem").write_bytes(own.public_bytes(Encoding.PEM))
        (self.folder / "own.key").write_bytes(private)
        (self.folder / "configuration").write_text(CONFIGURATION)
        self.root = root.chain[0]
        self.roots = folder / "time-roots.pem"
        self.roots.write_bytes(self.root.public_bytes(Encoding.PEM))

    def stamp(self, request: bytes) -> bytes:
        """Answer one request (DER)."""
        if self.answer is not None:
            return self.answer
        (self.folder / "asked").write_bytes(request)
        command = "openssl ts -reply -config configuration -queryfile asked -out answer"
        subprocess.run(command.split(), check=True, capture_output=True, cwd=self.folder)
        return (self.folder / "answer").read_bytes()


@contextmanager
def serving(folder: Path) -> Iterator[Service]:
    """Serve it on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if service.answers:
                self._send(service.stamp(asked), "application/timestamp-reply")
            else:
                self.send_error(503)

        def do_GET(self) -> None:
            self._send(service.list, "application/pkix-crl")

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.path == service.slow:
                self._send_slowly(body)
            else:
                self.wfile.write(body)

        def _send_slowly(self, body: bytes) -> None:
            try:
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(0.1)
            except OSError:
                service.was_cut = True

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(server.server_port, folder)
        thread = Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        yield service
        server.shutdown()
        thread.join()
