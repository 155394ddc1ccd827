"""The register mirror at 100,000 units: import, delta and search beside their floors.

The floor of an import is what PostgreSQL alone takes in the same run: COPY of the same finished
rows into a bare table of the same shape, then building the same indexes. Search figures are
times of the SQL alone, and of a whole search with its objects.
"""

import io
import random
import re
import statistics
import time
from datetime import timedelta

from django.db import connection, transaction

from accounts.register import csapi, invented, services
from accounts.register.copying import COLUMNS, CopyStream
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.search import Search, search_units
from accounts.register.services import Source
from certportal.foundation import clock
from tests.benchmarks.harness import figure, percentile

UNITS = 100_000
DELTA = 0.02
SEARCHES = 400
ROUNDS = 3


class _Undone(Exception):
    """Ends a transaction whose work was only to be timed."""


def run():
    """Time everything inside transactions that are undone: the database is left as it was."""
    codes = list(invented.invent(UNITS))
    started = time.perf_counter()
    rows = [csapi.read_code(code) for code in codes]
    reading = time.perf_counter() - started
    changed = [csapi.read_code(code) for code in invented.change(codes, DELTA)]
    del codes
    figures = []
    try:
        with transaction.atomic():
            _empty()
            figures += _importing(rows, changed, reading)
            figures += _searching()
            raise _Undone
    except _Undone:
        return figures


def _importing(rows, changed, reading):
    floors, whole, delta = [], [], []
    for _ in range(ROUNDS):
        floors.append(_floor(rows))
        _empty()
        whole.append(_import(rows, Source("benchmark")))
        delta.append(_import(changed, Source("benchmark", RegisterRun.Scope.DELTA)))
    floor = statistics.median(floors)
    return [
        figure(f"import of {UNITS} units", statistics.median(whole), "s", floor),
        figure(f"delta of {len(changed)} units", statistics.median(delta), "s", floor),
        figure(f"reading {UNITS} units from decoded JSON", reading, "s", floor),
    ]


def _import(rows, source):
    started = time.perf_counter()
    services.import_rows(Kind.SOTE_UNIT, rows, source, now=clock.now())
    return time.perf_counter() - started


def _empty():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE register_registerrecord, register_registerword CASCADE")


def _floor(rows):
    """Seconds for COPY of finished rows into a bare table and for building the indexes."""
    stream = CopyStream(rows, kind=Kind.SOTE_UNIT, run_id=0, now=clock.now())
    finished = io.BytesIO(b"".join(iter(stream.read, b"")))
    table = "register_registerrecord"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [definition for (definition,) in cursor.fetchall()]
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute(f"CREATE TABLE bare (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY)")
        started = time.perf_counter()
        cursor.copy_expert(f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN", finished)
        for definition in indexes:
            cursor.execute(re.sub(r"INDEX \S+ ON \S+", "INDEX ON bare", definition))
        return time.perf_counter() - started


def _searching():
    chance, today = random.Random(7), clock.day(clock.now())
    current = RegisterRecord.objects.filter(known_to=None)
    records = chance.sample(list(current.order_by("oid")[:: UNITS // 4000]), SEARCHES)
    slips = [_slip(record.long_name, chance) for record in records]
    beginnings = [record.long_name[: chance.randint(4, 12)] for record in records]
    words = [" ".join(w[:5] for w in reversed(r.long_name.split()[:2])) for r in records]
    in_database = [
        ("beginning of a name", "beginning", beginnings),
        ("business ID", "number", [record.business_id for record in records]),
        ("OID", "number", [record.oid for record in records]),
        ("beginning of an OID", "number", [record.oid[:16] for record in records]),
        ("words in any order", "words", words),
        ("typing errors", "mended", slips),
    ]
    floor = _p95([_select_one] * SEARCHES)
    for what, step, queries in in_database:
        calls = [getattr(Search(query, today, None, 20), step) for query in queries]
        yield figure(f"{what}, p95 in the database", _p95_sql(calls), "ms", floor)
    for what, queries in (("beginnings", beginnings), ("typing errors", slips)):
        calls = [lambda q=query: search_units(q, on=today) for query in queries]
        yield figure(f"search by {what}, p95", _p95(calls), "ms", floor)


def _slip(name, chance):
    """*name* with one letter left out."""
    place = chance.randrange(2, len(name) - 1)
    return name[:place] + name[place + 1 :]


def _select_one():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _p95(calls):
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return percentile(times, 0.95)


def _p95_sql(calls):
    """The 95th percentile of the slowest statement of each call, in milliseconds."""
    times, slowest = [], timedelta()

    def timed(execute, sql, params, many, context):
        nonlocal slowest
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            slowest = max(slowest, timedelta(seconds=time.perf_counter() - started))

    with connection.execute_wrapper(timed):
        for call in calls:
            slowest = timedelta()
            call()
            times.append(slowest / timedelta(milliseconds=1))
    return percentile(times, 0.95)
