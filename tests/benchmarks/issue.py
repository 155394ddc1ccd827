"""Certificates a second through the whole authority, beside each part alone in the same run.

Whole: prepare (own rules, throwaway signature, lint, commit), approve (commit), issue (own rules,
two commits, signature, check of it, journal with fsync). The floor of a whole is the rate that
the sum of its parts allows, each part measured by itself in this very process and database.
"""

import hashlib
import secrets
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.models import Organisation
from certportal.foundation import clock
from issuance import csr, journal, services
from issuance.authority.build import specimen
from issuance.authority.sign import sign_bytes, sign_certificate
from issuance.lint import lint
from tests import people
from tests.benchmarks.harness import figure, own_database, rate
from tests.issuance import hierarchy
from tests.issuance.orders import make_csr, new_key, server_order
from tests.issuance.test_lint import plan

ORDERS = 60
COMMITS = 4
ROW = 6_000  # bytes in an order's largest row
KINDS = {"P-384": ("P-256", "ec"), "RSA-4096": ("RSA-2048", "rsa")}


def run():
    """Work in a database and a folder of its own, which are removed again."""
    hierarchy.RSA_BITS = 4096
    with own_database(), tempfile.TemporaryDirectory() as folder:
        hierarchy.make_hierarchy(settings, Path(folder))
        return [each for kind in KINDS for each in _measure(kind)]


def _measure(ca_kind):
    key_kind, branch = KINDS[ca_kind]
    organisation, reviewer = _people()
    orders = [server_order(organisation, new_key(key_kind)) for _ in range(ORDERS)]
    signer = hierarchy.issuing(hierarchy.Place("production", branch))
    parts = _parts(key_kind, signer)
    begun = time.perf_counter()
    for order in orders:
        _through(order, reviewer)
    whole = ORDERS / (time.perf_counter() - begun)
    possible = 1 / sum(count / each for count, each in parts.values())
    raw = rate(lambda: sign_bytes(b"x" * 1200, signer))
    yield figure(f"{ca_kind} CA: whole, of what the parts allow", whole, "/s", possible)
    yield figure(f"{ca_kind} CA: whole, of raw signing", whole, "/s", raw)
    for part, (count, each) in parts.items():
        yield figure(f"{ca_kind} CA: {part} alone, {count} a certificate", each, "/s")


def _people():
    now = clock.now()
    founder = people.make_person(f"Matti {secrets.token_hex(4)}", now=now)
    organisation = Organisation.objects.create(
        name="Helsingin VI apteekki", founded_at=now, founded_by=founder
    )
    return organisation, people.make_reviewer(f"Riitta {secrets.token_hex(4)}", now=now)


def _through(order, reviewer):
    now = clock.now()
    prepared = services.prepare(order, now=now)
    services.approve(
        prepared.pk,
        person=reviewer,
        reauthenticated_at=now,
        expected_sha256=prepared.tbs_sha256,
        now=now,
    )
    assert services.issue(order.reference, now=now)


def _parts(key_kind, signer):
    """Part → how many times a certificate needs it, and how many a second are possible alone."""
    planned = plan("server", key_kind)
    certificate = specimen(planned)
    request = make_csr(new_key(key_kind))
    entry = journal.Entry("x" * 36, 1, "01", b"x" * 1800, {})
    journal.ensure_room("benchmark")
    return {
        "reading and examining the CSR": (1, rate(lambda: csr.examine(request))),
        "building with a throwaway signature": (1, rate(lambda: specimen(planned))),
        "lint": (1, rate(lambda: lint(certificate, planned))),
        "signature and its check": (1, rate(_signing(certificate, planned, signer))),
        "journal with fsync": (1, rate(lambda: journal.append("benchmark", [entry]))),
        "commit of a row": (COMMITS, rate(_commit)),
    }


def _signing(certificate, planned, signer):
    tbs = certificate.tbs_certificate_bytes
    digest = hashlib.sha256(tbs).hexdigest()
    return lambda: sign_certificate(tbs, digest, signer)


def _commit():
    """One insert of about the size of an order's rows, committed to disk."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS bench_row (content bytea)")
        cursor.execute("INSERT INTO bench_row VALUES (%s)", [b"x" * ROW])
