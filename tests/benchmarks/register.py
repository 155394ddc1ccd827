"""The import of a register of 100,000 units, whole and as a delta, beside its floor.

The floor of an import is what PostgreSQL alone takes in the same run: COPY of the whole register's
finished rows into a bare table of the same shape, then building the same indexes. A delta stands
beside that of the whole register too, since half of it is the goal. Imports begin with the reading
of the files, as the code server gives them.
"""

import gc
import io
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

from django.db import connection, transaction

from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.mirror.store import COLUMNS, CopyStream
from accounts.register.models import Kind, RegisterRun
from accounts.register.source import files
from certportal.foundation import clock
from tests.benchmarks import invented
from tests.benchmarks.harness import figure, own_database
from tests.tables import unkept

UNITS = 100_000
DELTA = 0.02
ROUNDS = 3
ON_A_PAGE = 500
"""Units in a file: a page of the code server's answer."""


def run():
    """Work in a database and a folder of its own, which are removed again."""
    with tempfile.TemporaryDirectory() as folder:
        codes = list(invented.invent(UNITS))
        whole = _written(Path(folder, "whole"), codes)
        delta = _written(Path(folder, "delta"), invented.change(codes, DELTA))
        del codes
        with own_database():
            return list(_importing(whole, delta))


def _written(folder, codes):
    """The paths of files with these units, which the system has in memory."""
    folder.mkdir()
    for at in range(0, len(codes), ON_A_PAGE):
        page = json.dumps({"conceptCodes": codes[at : at + ON_A_PAGE]}, ensure_ascii=False)
        (folder / f"{at:08}.json").write_text(page, "utf-8")
    return sorted(folder.iterdir())


def _importing(whole, delta):
    floors, taken, taken_delta = [], [], []
    full = Source("benchmark")
    part = Source("benchmark", RegisterRun.Scope.DELTA)
    for _ in range(ROUNDS):
        floors.append(_floor(_read(whole)[0]))
        _empty()
        taken.append(_bring(whole, full))
        taken_delta.append(_bring(delta, part))
    floor = statistics.median(floors)
    changed = int(UNITS * DELTA)
    for label, columns in (
        (f"import of {UNITS} units", zip(*taken, strict=True)),
        (f"delta of {changed} units", zip(*taken_delta, strict=True)),
    ):
        reading, importing = map(statistics.median, columns)
        yield figure(f"{label}, with the reading of the files", reading + importing, "s", floor)
        yield figure(f"{label}, rows already read", importing, "s", floor)
        yield figure(f"{label}, the reading alone", reading, "s")


def _read(paths):
    """The rows of the files, and the seconds that reading them takes."""
    started = time.perf_counter()
    rows = files.read_files(paths)[Kind.SOTE_UNIT]
    return rows, time.perf_counter() - started


def _bring(paths, source):
    """Seconds of reading and of importing.

    What the import before has left, 0.2 s of it after that of the whole register, is not collected
    meanwhile: a worker that fetches a delta has not imported the register just before.
    """
    gc.collect()
    rows, reading = _read(paths)
    return reading, _import(rows, source)


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
