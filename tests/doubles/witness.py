"""A witness of the tests over HTTP (c2sp.org/tlog-witness).

It is our own: Debian's litewitness (litetlog 0.4.3) panics at each request.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certportal.foundation.event_log import tree_hashes
from certportal.foundation.event_log.notes import WITNESS, Checkpoint, Note, Verifier
from tests.doubles.consistency import is_consistent

TIME = 1_790_000_000
"""When it signs, in seconds since 1970."""
type Answer = tuple[int, str, str]
"""Status, type of the content, and content."""


def cosignature(name: str, private: Ed25519PrivateKey, note: str, time: int) -> str:
    """Return a witness's line under the note, as the specification of cosignatures tells."""
    verifier = Verifier(name, private.public_key().public_bytes_raw(), WITNESS)
    message = f"cosignature/v1\ntime {time}\n{Note.parse(note).text}"
    signature = time.to_bytes(8, "big") + private.sign(message.encode())
    return f"— {name} {base64.b64encode(verifier.key_id + signature).decode()}\n"


class Witness:
    """It signs what goes on from the head that it signed last, of any log."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url, self.private = name, url, Ed25519PrivateKey.generate()
        self.verifier = Verifier(name, self.private.public_key().public_bytes_raw(), WITNESS)
        self.head: Checkpoint | None = None
        self.status = 200
        self.asked = 0

    def line(self) -> str:
        """Its line in a policy."""
        return f"witness {self.name} {self.verifier} {self.url}"

    def answer(self, question: str) -> Answer:
        """Answer one question."""
        self.asked += 1
        if self.status != 200:
            return self.status, "text/plain", ""
        old, _, rest = question.partition("\n")
        hashes, _, note = f"\n{rest}".partition("\n\n")
        size, head = int(old.removeprefix("old ")), Checkpoint.parse(Note.parse(note).text)
        known = self.head.size if self.head else 0
        if size != known:
            return 409, "text/x.tlog.size", f"{known}\n"
        root = self.head.root if self.head else tree_hashes.EMPTY
        proof = [base64.b64decode(line) for line in hashes.split()]
        if size == head.size and root != head.root:
            return 409, "text/x.tlog.size", f"{known}\n"
        if not is_consistent(size, root, head.size, head.root, proof):
            return 422, "text/plain", ""
        self.head = head
        return 200, "text/plain", cosignature(self.name, self.private, note, TIME)


@contextmanager
def serving(name: str) -> Iterator[Witness]:
    """Serve a witness of this name on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = self.path == "/add-checkpoint"
            status, kind, said = witness.answer(content) if found else (404, "text/plain", "")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said.encode())))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        witness = Witness(name, f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        yield witness
        server.shutdown()
        thread.join()
