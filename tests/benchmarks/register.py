"""The registers at 100,000 units: import, delta, search and the nightly watch beside their floors.

The floor of an import is what PostgreSQL alone takes in the same run: COPY of the same finished
rows into a bare table of the same shape, then building the same indexes. Search figures are
times of the SQL alone, of a whole search with its objects, and of whole answers of the web server.
"""

import io
import re
import statistics
import time

from django.db import connection, transaction

from accounts.register.mirror import imports
from accounts.register.mirror.copying import COLUMNS, CopyStream
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRun
from accounts.register.source import codeserver_api
from certportal.foundation import clock
from tests.benchmarks import invented, search, watch
from tests.benchmarks.harness import figure, own_database
from tests.tables import unkept

UNITS = 100_000
DELTA = 0.02
ROUNDS = 3


def run():
    """Work in databases of their own, which are removed again."""
    return [*_registers(), *watch.run()]


def _registers():
    codes = list(invented.invent(UNITS))
    started = time.perf_counter()
    rows = [codeserver_api.read_code(code) for code in codes]
    reading = time.perf_counter() - started
    changed = [codeserver_api.read_code(code) for code in invented.change(codes, DELTA)]
    del codes
    with own_database():
        return [*_importing(rows, changed, reading), *search.figures()]


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
    imports.import_rows(Kind.SOTE_UNIT, rows, source, now=clock.now())
    return time.perf_counter() - started


def _empty():
    with unkept(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE register_registerrecord, register_registerword CASCADE")


def _floor(rows):
    """Seconds for COPY of finished rows into a bare table and for building the indexes."""
    stream = CopyStream(rows, kind=Kind.SOTE_UNIT, run_id=0, now=clock.now())
    finished = io.BytesIO(b"".join(iter(stream.read, b"")))
    table = "register_registerrecord"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [definition for (definition,) in cursor.fetchall()]
        cursor.execute("DROP TABLE IF EXISTS bare")
        cursor.execute(f"CREATE TABLE bare (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY)")
    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN", finished)
        for definition in indexes:
            cursor.execute(re.sub(r"INDEX \S+ ON \S+", "INDEX ON bare", definition))
    return time.perf_counter() - started
