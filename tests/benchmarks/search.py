"""Search of the register at 100,000 units: in the database, as a whole, and through HTTP.

Warm: each search is timed a few times and its best time counts, so that whatever else the machine
does is not taken for the search; the 95th percentile is over different searches. Through HTTP there
is also the 95th percentile of the first times. Cold: the first search after the database was
restarted and its files were forgotten, the worst of a few.
"""

import http.client
import random
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from django.db import connection
from django.urls import reverse

from accounts.register.lookup.search import Search, search_units
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRecord
from accounts.register.source import codeserver_api
from certportal.foundation import clock
from tests.benchmarks import cold, invented
from tests.benchmarks.harness import figure, note, own_database, percentile
from tests.stack import Stack

UNITS = 100_000
SEARCHES = 200
LIMIT = 20
REPEATED = 3
COLD = 3
OVER_HTTP = 60
PAGES_OVER_HTTP = (("register_options", "options"), ("register", "page of results"))
ASKED_OVER_HTTP = {"beginning of a name", "a name with a slip", "a common word with a slip"}


def run():
    """Work in a database of its own, which is removed again."""
    with own_database():
        rows = [codeserver_api.read_code(code) for code in invented.invent(UNITS)]
        imports.import_rows(Kind.SOTE_UNIT, rows, Source("benchmark"), now=clock.now())
        return list(figures())


def figures():
    """Times of searches in the mirror as it stands."""
    today, typed = clock.day(clock.now()), _queries()
    floor = _p95([_select_one] * SEARCHES)
    for what, step, queries in typed:
        calls = [getattr(Search(query, today, None, LIMIT), step) for query in queries]
        yield figure(f"{what}, p95 in the database", _p95_sql(calls), "ms")
    for what, _step, queries in typed:
        calls = [lambda q=query: search_units(q, on=today) for query in queries]
        yield figure(f"search by {what}, p95", _p95(calls), "ms", floor)
    yield from _cold(typed)
    yield from _through_http(typed)


def _cold(typed):
    """The first search of each kind that a database answers which has nothing in memory."""
    for what, _step, queries in typed:
        times = []
        for query in queries[:COLD]:
            if not cold.forget():
                note("The database is not the benchmark's own: no row of cold searches.")
                return
            _select_one()  # connects
            times.append(_milliseconds(lambda q=query: search_units(q, on=clock.day(clock.now()))))
        yield figure(f"search by {what}, cold, the worst of {COLD}", max(times), "ms")


def _queries():
    """What people type: name of the kind, the step of the search that answers it, the queries."""
    chance = random.Random(7)
    current = RegisterRecord.objects.filter(known_to=None)
    records = chance.sample(list(current.order_by("oid")[:: UNITS // 4000]), SEARCHES)
    words = [" ".join(word[:5] for word in reversed(r.long_name.split()[:2])) for r in records]
    last = [record.long_name.split()[-1] for record in records]
    return [
        (
            "beginning of a name",
            "beginning",
            [r.long_name[: chance.randint(4, 12)] for r in records],
        ),
        ("business ID", "number", [record.business_id for record in records]),
        ("OID", "number", [record.oid for record in records]),
        ("beginning of an OID", "number", [record.oid[:16] for record in records]),
        ("words in any order", "words", words),
        (
            "a name with a slip",
            "corrected",
            [_slip(record.long_name, chance) for record in records],
        ),
        ("a common word with a slip", "corrected", [_slip(w, chance) for w in last if len(w) > 5]),
    ]


def _slip(name, chance):
    """*name* with one letter left out."""
    place = chance.randrange(2, len(name) - 1)
    return name[:place] + name[place + 1 :]


def _through_http(typed):
    """The options of the combobox and the page of results, from a web server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack(Path(folder), redis_number=0)
        # Each search comes from another address: one alone would soon be told to wait.
        stack.start("web", extra={"TRUSTED_PROXIES": "127.0.0.1"})
        try:
            stack.await_web()
            floor = _p95_http(stack.port, "/livez?q=", [""] * OVER_HTTP)[1]
            for at, (name, what) in enumerate(PAGES_OVER_HTTP):
                asked = slice(at * OVER_HTTP, (at + 1) * OVER_HTTP)  # not asked before
                for kind, _step, queries in typed:
                    if kind not in ASKED_OVER_HTTP:
                        continue
                    first, best = _p95_http(stack.port, f"{reverse(name)}?q=", queries[asked])
                    found = f"{what} for {kind}, p95 through HTTP"
                    yield figure(f"{found}, first times", first, "ms", floor)
                    yield figure(found, best, "ms", floor)
        finally:
            stack.stop()


def _p95_http(port, address, queries):
    """The 95th percentile of the first times, and of the best ones."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    calls = [
        lambda query=query, n=n: _get(connection, address + quote(query), n)
        for n, query in enumerate(["warm"] * 10 + queries[:OVER_HTTP])
    ]
    for call in calls[:10]:
        call()
    times = [[_milliseconds(call) for _ in range(REPEATED)] for call in calls[10:]]
    return percentile([each[0] for each in times], 0.95), percentile(map(min, times), 0.95)


def _get(connection, address, number):
    headers = {"Host": "localhost", "X-Forwarded-For": f"192.0.2.{number % 250}"}
    connection.request("GET", address, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, (answer.status, body[:200])


def _select_one():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _p95(calls):
    return percentile([min(_milliseconds(call) for _ in range(REPEATED)) for call in calls], 0.95)


def _milliseconds(call):
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def _p95_sql(calls):
    """The 95th percentile of what PostgreSQL says it took for all statements of a call."""
    times = [sum(_in_database(*statement) for statement in _statements(call)) for call in calls]
    return percentile(times, 0.95)


def _statements(call):
    seen = []

    def noting(execute, sql, params, many, context):
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noting):
        call()
    return seen


def _in_database(sql, params):
    """Milliseconds of planning and executing, with the cost of EXPLAIN's own clock."""
    times = []
    with connection.cursor() as cursor:
        for _ in range(REPEATED):
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            ((plan,),) = cursor.fetchone()
            times.append(plan["Planning Time"] + plan["Execution Time"])
    return min(times)
