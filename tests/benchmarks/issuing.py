"""The parts of issuing, each by itself, which `issue` measures beside the whole.

The database's part is what the same rows cost over plain psycopg2, without Django: into tables with
the same columns and indexes, as many rows in as many transactions, each committed to disk.
"""

import hashlib
import itertools
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from django.db import connection, transaction

from certportal.foundation import clock
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import messages
from issuance import csr, journal
from issuance.authority.build import specimen
from issuance.authority.sign import sign_certificate
from issuance.certificate.lint import lint
from issuance.certificate.order import examine_order
from issuance.certificate.plan import new_serial, serial_hex
from issuance.services import locks
from issuance.services.blocked_keys import KeyOf, findings_of_keys
from issuance.services.issuing.approve import approval_states, standing_approvals
from issuance.services.issuing.attempts import attempts_of, read
from issuance.services.issuing.evidence import _active_cas
from issuance.services.issuing.verify_approvals import unproved
from issuance.services.sound_keys import sound_among
from tests.benchmarks.csr import forget_keys
from tests.issuance.plans import plan

# What one certificate leaves behind, by transaction: prepare, begin, store.
WRITTEN = (
    ("issuance_preparedcertificate", "foundation_event"),
    ("foundation_event",),
    ("issuance_certificate", "foundation_event", "foundation_outboxitem"),
)
ATTEMPTS = "issuance_preparedcertificate"
MARK = f"UPDATE bench_{ATTEMPTS} SET closed_at = now() WHERE id = ANY(%s)"
MADE_ANEW = {
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
    hashes = [one.prepared.spki_sha256 for one in issued[:each]]
    found = [
        Part("asking which keys are sound", lambda: sound_among(hashes), each),
        Part("reading and examining the CSR", lambda: _examine(request, hashes)),
        Part("building with a throwaway signature", lambda: specimen(planned)),
        Part("lint", lambda: lint(certificate, planned)),
        Part("own rules and records", _rules(issued[:each]), each),
        Part("the approvers' proofs", _proofs(issued[:each]), each),
        Part("signature and its check", lambda: sign_certificate(tbs, digest, signer)),
        Part("journal with fsync", _journal(each), each),
        Part("one worker at a matter: locks", _locks(issued[:each]), each),
        Part(f"rows in {len(WRITTEN)} transactions with fsync", _rows(each), each),
    ]
    if each == 1:
        found.append(Part("handing the news to the broker", _broker()))
    return found


def _examine(request, sound):
    """Each key comes once: what was found of it before must not be remembered."""
    forget_keys()
    return csr.examine(request, sound=sound, for_server=True)


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


def _proofs(issued):
    """Verify what both reviewers' passkeys have signed: before marking, and before signing."""
    attempts, now = [one.prepared for one in issued], clock.now()
    standing = standing_approvals(attempts)

    def verify():
        assert not unproved(attempts, now, standing)  # which are read among the records
        assert not unproved(attempts, now)

    return verify


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
    made = [MADE_ANEW[name](number) if name in MADE_ANEW else value for name, value in row.items()]
    if "topic" in row:  # the outbox counts with UUIDs
        made[list(row).index("id")] = str(uuid4())
    return made


def _broker():
    """Tell each task that hears of a certificate."""
    items = OutboxItem.objects.filter(topic="certificate.issued").order_by("created_at")
    heard = list(items[: items.values("task").distinct().count()])

    def hand_over():
        for item in heard:
            messages.send(item)

    return hand_over
