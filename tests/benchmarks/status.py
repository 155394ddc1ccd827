"""Revocation lists and OCSP responses, each beside its floor of the same run.

A list's floor is hashing and signing the very same bytes: beside the making of the list from
entries in memory, and beside the whole publication, which reads the list before and the entries
that it lacks, and counts the database's processes; once a day all entries are read and compared,
which is beside it. OCSP: see `responders`.

BENCH_STATUS_SIZES, BENCH_STATUS_ROUNDS and BENCH_STATUS_SECONDS make a short try of it.
"""

import math
import os
import secrets
import subprocess
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import fmean, median

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.db import connection

from certportal.dev.builders import hierarchy
from certportal.foundation import clock
from issuance.authority import crl
from issuance.authority.sign import sign_bytes
from issuance.publication import repository
from issuance.services.signer import signer_for
from issuance.services.status.crl_entries import collect
from issuance.services.status.ocsp_responders import responder_for
from issuance.services.status.publish_crl import publish_crl
from issuance.services.status.publish_ocsp import refresh_responses
from tests.benchmarks import responders
from tests.benchmarks.harness import figure, own_database, rate
from tests.benchmarks.processes import of_database
from tests.tables import unkept

KINDS = {"P-384": "ec", "RSA-4096": "rsa"}
SIZES = [
    int(each) for each in os.environ.get("BENCH_STATUS_SIZES", "10000,100000,1000000").split(",")
]
STEM = "sote-ec-1"
ASKED = 200  # certificates whose status is signed ahead and asked for
ALLOWED = 10.0
"""How many times the hashing and signing of its bytes a whole publication may take."""


def run():
    """Work in a database and a folder of its own, which are removed again."""
    hierarchy.RSA_BITS = 4096
    with own_database(), tempfile.TemporaryDirectory() as folder:
        cas = hierarchy.make_hierarchy(settings, Path(folder))
        figures = [each for kind in KINDS for each in _lists(kind, Path(folder))]
        # Afterwards the list that is served says that these certificates are revoked.
        return [*figures, *_responder(cas[STEM], Path(folder)), *_published(cas[STEM])]


# ------------------------------------------------------------------ lists


def _lists(kind, folder):
    signer = hierarchy.issuing(hierarchy.Place("production", KINDS[kind]))
    times, floors = [], []
    for size in SIZES:
        made, floor, whole = _list(signer, _entries(size), folder)
        times.append(made)
        floors.append(floor)
        label = f"{kind}: list of {size:,}"
        yield figure(f"{label}, joined, hashed, signed", made * 1000, "ms", floor * 1000)
        yield figure(f"{label}, checked and published too", whole * 1000, "ms", floor * 1000)
    for which, seconds in (("growth exponent", times), ("that of the floor", floors)):
        for at in range(1, len(SIZES)):
            grown = math.log(seconds[at] / seconds[at - 1], SIZES[at] / SIZES[at - 1])
            yield figure(f"{kind}: {which}, {SIZES[at - 1]:,} to {SIZES[at]:,}", grown, "", 1.25)


def _entries(size):
    """Entries as a revocation stores them, with random serial numbers."""
    now = clock.now()
    serial = bytes.fromhex("01" + "00" * 14)
    model = crl.entry(int.from_bytes(serial), now, x509.ReasonFlags.superseded, now)
    before, after = model.split(serial)
    return [before + b"\x01" + secrets.token_bytes(14) + after for _ in range(size)]


def _list(signer, entries, folder):
    """Seconds of CPU time to make the list, to hash and sign its bytes, to publish it; verified."""
    now = clock.now()
    rounds = max(3, 300_000 // len(entries))
    made, floors, wholes = [], [], []
    stem = f"benchmark-{secrets.token_hex(4)}"  # numbers begin anew
    for number in range(1, rounds + 1):
        facts = crl.CrlFacts(number, now, now + timedelta(hours=48))
        begun = time.process_time()
        listed = crl.make([b"".join(entries)], facts, signer)
        made.append(time.process_time() - begun)
        crl.check(listed, signer.chain[0], after=number - 1, now=now)
        repository.publish_list(stem, number, listed)
        wholes.append(time.process_time() - begun)
        signed = bytes(crl.take_apart(listed).to_be_signed)
        begun = time.process_time()
        sign_bytes(signed, signer)
        floors.append(time.process_time() - begun)
    _verify(signer, listed, folder)
    return median(made), median(floors), median(wholes)


def _verify(signer, listed, folder):
    issuer, made = folder / "issuer.pem", folder / "made.crl"
    issuer.write_bytes(signer.chain[0].public_bytes(Encoding.PEM))
    made.write_bytes(listed)
    command = ["openssl", "crl", "-inform", "DER", "-in", made, "-CAfile", issuer, "-noout"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "verify OK" in done.stderr, done.stderr


def _published(ca):
    """Whole publications as the worker does them, each with a revocation more than the last."""
    model = crl.entry(1 << 112, clock.now(), x509.ReasonFlags.superseded, None).hex()
    entry = "'{}' || serial || '{}'".format(*model.split(f"{1 << 112:030x}"))
    done = 0
    for size in SIZES[1:]:
        _insert(ca, done, size, "revoked", entry)
        done = size
        publish_crl(ca, now=clock.now())  # the list before, which the next ones continue
        _vacuum()
        wholes, floors = [], []
        for _ in range(max(3, 1_000_000 // size)):
            _insert(ca, done, done + 1, "revoked", entry)
            done += 1
            wholes.append(_cpu_of_publishing(ca))
            floors.append(_hashed_and_signed(repository.served_crl(ca.stem), signer_for(ca)))
        assert collect(ca, None, clock.now()).count == done
        whole, floor = fmean(wholes), fmean(floors)
        what = f"P-384: {size:,} entries, whole publication with reading, CPU"
        yield figure(what, whole * 1000, "ms", floor * 1000)
        yield figure("  as a multiple of hashing and signing", whole / floor, "", ALLOWED)


def _cpu_of_publishing(ca):
    """CPU seconds of this process and all of the database's, those that helped and ended too."""
    begun_there, begun = of_database(), time.process_time()  # last: the looking takes time too
    publish_crl(ca, now=clock.now())
    return time.process_time() - begun + of_database() - begun_there


def _hashed_and_signed(listed, signer):
    signed = bytes(listed.to_be_signed)
    begun = time.process_time()
    sign_bytes(signed, signer)
    return time.process_time() - begun


def _insert(ca, begin, end, state, entry="''"):
    """Rows as they are after issuing (and revoking), straight into the table."""
    revoked = state == "revoked"
    with unkept(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO issuance_certificate (prepared_id, reference, issuing_ca_id,"
            " organisation_id, environment, profile_id, profile_version, serial, spki_sha256, der,"
            " sha256, not_before, not_after, issued_at, state, revoked_at, revocation_reason,"
            " crl_entry)"
            " SELECT i, gen_random_uuid(), %s, gen_random_uuid(), 'production', 'server', 1,"
            " serial, md5(serial), ''::bytea, md5(serial || 'x'), now(), now() + interval '1 year',"
            " now(), %s, CASE WHEN %s THEN now() END, CASE WHEN %s THEN 'superseded' ELSE '' END,"
            f" decode({entry}, 'hex') FROM (SELECT i, '01' || upper(left(md5(i::text), 28)) serial"
            " FROM generate_series(%s + 1, %s) i) made",
            [ca.pk, state, revoked, revoked, begin, end],
        )
    if end - begin > 1:  # a revocation more does not wait for one
        _vacuum()


def _vacuum():
    """As autovacuum does after so many changes, in its own time; what is to be written, too."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) issuance_certificate")
        cursor.execute("CHECKPOINT")


# ------------------------------------------------------------------ responder


def _responder(ca, folder):
    _insert(ca, 0, ASKED, "issued")
    now = clock.now()
    begun = time.perf_counter()
    assert not refresh_responses(now=now, most=10 * ASKED)
    ahead = 2 * ASKED / (time.perf_counter() - begun)
    responder = responder_for(ca, now=now)
    raw = rate(lambda: sign_bytes(b"x" * 200, responder))
    yield figure("P-384: responses signed ahead", ahead, "/s", raw)
    yield from responders.figures(ca, responder, folder)
    with unkept(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE issuance_certificate CASCADE")
