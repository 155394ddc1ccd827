"""The nightly watch over certificates in force, at two sizes: its rate, and how its time grows.

Each certificate rests on a unit of its own of an invented register; ten share an organisation. They
are clones of one order that went through the real services. Two nights are timed: one after which
nothing has changed, and one after which one unit in fifty bears a new name, each of which opens a
task, records it and enqueues the notice to the administrator.
"""

import math
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.register.mirror import imports as registers
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRun
from accounts.register.source import codeserver_api, files
from applications import services
from applications.models.register_task import RegisterTask
from certportal.dev.builders import orders, people
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation import clock
from issuance.models import Certificate
from tests.benchmarks import invented
from tests.benchmarks.harness import figure, own_database

SIZES = (25_000, 100_000)
CHANGED = 0.02
QUIET_NIGHTS = 3
PER_ORGANISATION = 10
# The fields that differ between the clones of a row; `n` counts them, `r` is the record of each.
CLONES = {
    "accounts_organisation": ("id", {"id": "{organisation}"}),
    "accounts_membership": (
        "organisation_id",
        {"id": "nextval('accounts_membership_id_seq')", "organisation_id": "{organisation}"},
    ),
    "applications_application": (
        "id",
        {"id": "{reference}", "number": "'B-' || n", "organisation_id": "{organisation}"},
    ),
    "issuance_preparedcertificate": (
        "reference",
        {
            "id": "1000000 + n",
            "reference": "{reference}",
            "serial": "'P' || n",
            "register_record": "record",
        },
    ),
    "issuance_certificate": (
        "reference",
        {
            "id": "1000000 + n",
            "reference": "{reference}",
            "serial": "'P' || n",
            "sha256": "'P' || n",
            "prepared_id": "1000000 + n",
        },
    ),
}
SHARED = {"accounts_organisation", "accounts_membership"}
EXPRESSIONS = {
    "reference": "md5('order' || n)::uuid",
    "organisation": f"md5('account' || n / {PER_ORGANISATION})::uuid",
}


def run():
    """Work for each size in a database and a folder of its own, which are removed again."""
    codes = [_open(code) for code in invented.invent(max(SIZES))]
    return list(figures({size: nights(codes[:size]) for size in SIZES}))


def figures(measured):
    """Times, rates and growth of the quiet and the busy night."""
    few, many = SIZES
    for which, what in enumerate(("nothing changed", f"{CHANGED:.0%} changed")):
        for size in SIZES:
            seconds = measured[size][which]
            yield figure(f"watch over {size} certificates, {what}", seconds, "s")
            yield figure(f"watch over {size}, {what}: rate", size / seconds, "certificates/s")
        growth = measured[many][which] / measured[few][which]
        power = math.log(growth) / math.log(many / few)
        yield figure(f"watch, {what}: time grows by the power of", power, "", 1.0)


def nights(codes):
    """Seconds of a night without and of one with changes, over as many certificates as codes."""
    with own_database(), tempfile.TemporaryDirectory() as folder:
        make_hierarchy(settings, Path(folder))
        return _nights(codes)


def _nights(codes):
    fill(codes)
    assert Certificate.objects.count() == len(codes) + 1
    quiet = min(_watch() for _ in range(QUIET_NIGHTS))
    assert not RegisterTask.objects.exists()
    units = [code for code in codes if not code["conceptCodeId"].endswith(".10.0")]
    renamed = invented.change(units, CHANGED * len(codes) / len(units))
    _import(renamed)
    busy = _watch()
    assert RegisterTask.objects.count() == len(renamed)
    return quiet, busy


def fill(codes):
    """A mirror of the codes, and for each of them a certificate in force that rests on it."""
    for kind, rows in files.read_files([*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]).items():
        registers.import_rows(kind, rows, Source("sample"), now=clock.now())
    founder = people.make_founder("Matti Meikäläinen", "9900001-8", now=clock.now())
    order = orders.delivered(founder, people.make_reviewer("Riitta", now=clock.now()))
    _import(codes)
    for table in CLONES:
        _clone(table, order, codes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _clone(table, order, codes):
    key, fields = CLONES[table]
    values = ", ".join(f"'{name}', {value.format(**EXPRESSIONS)}" for name, value in fields.items())
    shared = f"AND mod(n, {PER_ORGANISATION}) = 0" if table in SHARED else ""
    template = order.organisation_id if table in SHARED else order.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT c.* FROM {table} t,"
            " (SELECT row_number() OVER (ORDER BY id) - 1 AS n, id AS record"
            "  FROM register_registerrecord WHERE known_to IS NULL AND oid = ANY(%s)) r,"
            f" LATERAL jsonb_populate_record(t, jsonb_build_object({values})) c"
            f" WHERE t.{key} = %s {shared}",
            [[code["conceptCodeId"] for code in codes], template],
        )


def _open(code):
    """The code without an end: what has ended would be brought up on the quiet night."""
    return code | {"beginDate": "1900-01-01", "expirationDate": "2100-12-31"}


def _watch():
    started = time.perf_counter()
    services.watch_register(now=clock.now())
    return time.perf_counter() - started


def _import(codes):
    rows = [codeserver_api.read_code(code) for code in codes]
    source = Source("benchmark", RegisterRun.Scope.DELTA)
    registers.import_rows(Kind.SOTE_UNIT, rows, source, now=clock.now())
