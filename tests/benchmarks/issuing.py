"""The parts of issuing, each by itself, and what others take for the same; `issue` measures them.

The database's part is what the same rows cost over plain psycopg2, without Django: into tables with
the same columns and indexes, as many rows in as many transactions, each committed to disk.
"""

import hashlib
import itertools
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection, transaction

from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from issuance import csr, journal
from issuance.algorithms import SIGNATURE_ALGORITHMS
from issuance.authority.build import _builder, specimen
from issuance.authority.sign import sign_bytes, sign_certificate
from issuance.certificate.lint import lint
from issuance.certificate.order import examine_order
from issuance.certificate.plan import new_serial, serial_hex
from issuance.keys.rsa import deep_faults
from issuance.services import locks
from issuance.services.blocked_keys import KeyOf, findings_of_keys
from issuance.services.issuing.approve import approval_states
from issuance.services.issuing.attempts import attempts_of, read
from issuance.services.issuing.evidence import _active_cas
from tests.issuance.plans import plan

# What one certificate leaves behind, by transaction: prepare, begin, store.
WRITTEN = (
    ("issuance_preparedcertificate", "foundation_event"),
    ("foundation_event",),
    ("issuance_certificate", "foundation_event", "foundation_outboxitem"),
)
ATTEMPTS = "issuance_preparedcertificate"
MARK = f"UPDATE bench_{ATTEMPTS} SET closed_at = now() WHERE id = ANY(%s)"
FRESH = {
    "id": lambda number: number,
    "prepared_id": lambda number: number,
    "reference": lambda _number: str(uuid4()),
    "serial": lambda _number: serial_hex(new_serial()),
    "sha256": lambda _number: hashlib.sha256(uuid4().bytes).hexdigest(),
}
TURN = 0.06  # seconds
ids = itertools.count(10**9)


@dataclass(frozen=True)
class Part:
    """One doing of a part serves `each` certificates."""

    name: str
    work: Callable[[], object]
    each: int = 1

    def once(self, certificates: int) -> float:
        """CPU time for one certificate, done for so many right after other parts were done.

        In issuing no part finds the processor's caches full of its own code and data, as it does
        in a loop of itself: what it costs after another is what the sum of the parts is made of.
        """
        begun = spent()
        for _ in range(certificates // self.each):
            self.work()
        return (spent() - begun - _reading()) / certificates

    def seconds(self) -> float:
        """CPU time for one certificate, in a loop of its own for a turn."""
        self.work()
        count, begun, until = 0, spent(), time.perf_counter() + TURN
        while not count or time.perf_counter() < until:
            self.work()
            count += 1
        return (spent() - begun) / (self.each * count)


def spent() -> float:
    """CPU seconds of this process, its children and the database's process that serves it.

    Per core: what other programs take is not counted, nor is waiting for the disk.
    """
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    served = Path(f"/proc/{_session()}/schedstat").read_text().split()[0]
    own = time.process_time() + children.ru_utime + children.ru_stime
    return own + int(served) / 1e9


@cache
def _reading() -> float:
    """CPU time that reading the clocks takes."""
    spent()
    begun = spent()
    for _ in range(100):
        spent()
    return (spent() - begun) / 101


@cache
def _session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def parts(key_kind, signer, issued, *, each):
    """The parts of issuing `each` certificates at once, with what `issued` left as their matter."""
    planned = plan("server", key_kind)
    certificate = specimen(planned)
    request, tbs = bytes(issued[0].prepared.csr_der), certificate.tbs_certificate_bytes
    digest = hashlib.sha256(tbs).hexdigest()
    found = [
        Part("reading and examining the CSR", lambda: _examine(request)),
        Part("building with a throwaway signature", lambda: specimen(planned)),
        Part("lint", lambda: lint(certificate, planned)),
        Part("own rules and records", _rules(issued[:each]), each),
        Part("signature and its check", lambda: sign_certificate(tbs, digest, signer)),
        Part("journal with fsync", _journal(each), each),
        Part("one worker at a matter: locks", _locks(issued[:each]), each),
        Part(f"rows in {len(WRITTEN)} transactions with fsync", _rows(each), each),
    ]
    if each == 1:
        found.append(Part("handing the news to the broker", _broker()))
    return found


def _examine(request):
    """Each key comes once: what was found of it before must not be remembered."""
    deep_faults.cache_clear()
    return csr.examine(request, for_server=True)


def _locks(issued):
    names = [f"bench:{one.prepared.reference}" for one in issued]

    def lock():
        with locks.alone(*names):
            for _ in WRITTEN:
                locks.hold(*names)

    return lock


def _rules(issued):
    """What is asked of the order and of the records before preparing, and before signing."""
    attempts = [one.prepared for one in issued]
    references = [one.reference for one in attempts]
    keys = [KeyOf(one.spki_sha256, one.reference, one.replaces) for one in attempts]
    order, now = issued[0].order, clock.now()

    def rules():
        for _ in issued:
            examine_order(order, now=now)
        findings_of_keys(keys)
        _active_cas()
        attempts_of(references)
        read(references)
        approval_states(attempts)
        findings_of_keys(keys)

    return rules


def _journal(each):
    numbers = itertools.count(1)
    facts = {"submission_sha256": "5" * 64, "csr_sha256": "5" * 64, "spki_sha256": "5" * 64}
    journal.ensure_room("benchmark")

    def append():
        entries = [
            journal.Entry(str(uuid4()), 1, f"{next(numbers):X}", b"x" * 1300, facts)
            for _ in range(each)
        ]
        references = [entry.reference for entry in entries]
        journal.of_references("benchmark", references)  # before preparing, then before begin
        journal.of_references("benchmark", references)
        for entry in entries:  # before building, then before signing
            journal.holds_serial("benchmark", int(entry.serial, 16))
            journal.find("benchmark", reference=entry.reference, attempt=1)
        journal.ensure_room("benchmark")
        journal.ensure_room("benchmark")
        journal.append("benchmark", entries)

    return append


def _rows(each):
    """Write the rows of `each` certificates, copies of real ones under numbers of their own."""
    inserts = {table: _insert(table) for tables in WRITTEN for table in tables}

    def write():
        attempts = [next(ids) for _ in range(each)]
        for number, tables in enumerate(WRITTEN):
            with transaction.atomic(), connection.cursor() as cursor:
                for table in tables:
                    statement, row = inserts[table]
                    own = attempts if table == ATTEMPTS else [next(ids) for _ in range(each)]
                    values = [_fresh(row, each_id) for each_id in own]
                    places = ", ".join([f"({', '.join(['%s'] * len(row))})"] * each)
                    cursor.cursor.execute(statement + places, list(itertools.chain(*values)))
                if number:  # signing, then issued
                    cursor.cursor.execute(MARK, [attempts])

    return write


def _insert(table):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS bench_{table} (LIKE {table} INCLUDING ALL)")
        cursor.execute(f"SELECT * FROM {table} ORDER BY random() LIMIT 1")
        names, row = [each.name for each in cursor.description], cursor.fetchone()
    statement = f"INSERT INTO bench_{table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE VALUES "
    return statement, dict(zip(names, row, strict=True))


def _fresh(row, number):
    made = [FRESH[name](number) if name in FRESH else value for name, value in row.items()]
    if "topic" in row:  # the outbox counts with UUIDs
        made[list(row).index("id")] = str(uuid4())
    return made


def _broker():
    """Tell each task that hears of a certificate."""
    items = OutboxItem.objects.filter(topic="certificate.issued").order_by("created_at")
    heard = list(items[: items.values("task").distinct().count()])

    def hand_over():
        for item in heard:
            outbox.hand_over(item)

    return hand_over


RAW = "raw signing"


def raw_signing(signer):
    """The signature alone, over as many bytes as a certificate has."""
    return Part(RAW, lambda: sign_bytes(b"x" * 1200, signer))


def plain_pyca(key_kind, signer, request):
    """Read the request, build and sign with pyca, insert a row, commit: no rules, no lint."""
    planned = plan("server", key_kind)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_plain (serial text UNIQUE, der bytea)")

    def make():
        asked = csr_of(request)
        assert asked.is_signature_valid
        made = _builder(planned).sign(signer.private_key, SIGNATURE_ALGORITHMS[signer.branch].hash)
        with transaction.atomic(), connection.cursor() as cursor:
            row = [serial_hex(new_serial()), made.public_bytes(Encoding.DER)]
            cursor.cursor.execute("INSERT INTO bench_plain VALUES (%s, %s)", row)

    return Part("plain pyca + PostgreSQL", make)


def csr_of(request):
    """The request as pyca reads it."""
    return x509.load_der_x509_csr(request)


CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = {digest}
default_days = 365
policy = any
unique_subject = no
x509_extensions = own_ext
[any]
commonName = supplied
[own_ext]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth,clientAuth
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
"""


def openssl_ca(signer, requests, folder):
    """`openssl ca` over many requests in one run, the key unencrypted on the disk."""
    folder.mkdir(parents=True)
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.pem").write_bytes(signer.chain[0].public_bytes(Encoding.PEM))
    own = signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.key").write_bytes(own)
    config = folder / "ca.cnf"
    config.write_text(
        CONFIG.format(folder=folder, digest=SIGNATURE_ALGORITHMS[signer.branch].hash.name)
    )
    files = []
    for number, request in enumerate(requests):
        files.append(folder / f"{number}.csr")
        files[-1].write_bytes(csr_of(request).public_bytes(Encoding.PEM))
    command = ["openssl", "ca", "-batch", "-notext", "-config", config, "-infiles", *files]

    def sign():
        subprocess.run(command, check=True, capture_output=True)

    return Part(f"openssl ca, {len(files)} in a run", sign, each=len(files))
