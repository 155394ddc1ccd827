"""A database of as many orders as asked for, each with its events, certificate and mails.

A few orders are made through the real services, one in each state; the others are clones of them,
with names, hosts, times and keys of their own, inserted by PostgreSQL itself. The database stays
for the next run.
"""

import json
import os
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from accounts.models import Person
from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.source import files
from applications import services
from applications.models import Application
from applications.workflow import Status
from certportal.dev.builders import orders, people
from certportal.dev.builders.hierarchy import make_hierarchy
from certportal.foundation import clock
from issuance import services as authority
from issuance.models import BlockedKey
from tests.benchmarks import invented
from tests.tables import unkept

EVENTS_EACH, MAILS_EACH = 5, 2
BLOCKED_KEYS = 47_000
PER_ORGANISATION = 40
ONE_IN = 50
WORDS = json.loads(Path(invented.__file__).with_name("invented_words.json").read_text("utf-8"))
# Of a thousand orders, how many are in which state; the rest are delivered.
SHARES = {
    Status.DRAFT: 20,
    Status.AWAITING_CSR: 10,
    Status.IN_REVIEW: 20,
    Status.INFO_REQUESTED: 10,
    Status.REJECTED: 20,
}


@contextmanager
def kept_database(size: int, *, of_one: bool = False) -> Iterator[None]:
    """Work in the database of so many orders, which is made and filled if it is not there.

    ``of_one``: all orders are the pharmacy's, which otherwise has two in a hundred.
    """
    own, name = connection.settings_dict["NAME"], f"{'of_one' if of_one else 'pages'}_{size}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
        if not BlockedKey.objects.exists():  # they are made last
            fill(size, one_in=1 if of_one else ONE_IN)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own


def fill(size: int, *, one_in: int = ONE_IN) -> None:
    """Make the orders, from nothing; one in so many is the pharmacy's of the templates."""
    call_command("flush", interactive=False, verbosity=0)
    with tempfile.TemporaryDirectory() as folder:
        make_hierarchy(settings, Path(folder))
        templates = _templates()
    with unkept(), connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        _organisations(cursor, size)
        with _indexed_later(cursor):
            _orders(cursor, size, one_in, templates)
        _on_each_core(_enter, range(os.cpu_count() or 1))
        cursor.execute(SEARCHED)
        cursor.execute(BLOCKED, [min(BLOCKED_KEYS, size)])
    authority.settle_blocked_keys(now=clock.now())  # as each night
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _orders(cursor: Any, size: int, one_in: int, templates: dict[Status, Application]) -> None:
    first = 0
    for status, template in templates.items():
        last = first + SHARES.get(status, 1000 - sum(SHARES.values()))
        cursor.execute("DROP TABLE IF EXISTS made")
        cursor.execute(MADE, {"size": size, "first": first, "last": last, "one_in": one_in})
        for table, (key, fields) in CLONES.items():
            _clone(cursor, table, key, fields, template)
        first = last
    given = {"size": size, "events": EVENTS_EACH, "mails": MAILS_EACH}
    _on_each_core(partial(_execute, given), OTHERS)


@contextmanager
def _indexed_later(cursor: Any) -> Iterator[None]:
    """Make the indexes of the tables that are filled afterwards, which takes half as long.

    Those of constraints stay. The index of searches is made when there are entries.
    """
    cursor.execute(INDEXES, [[*CLONES, "foundation_event", "foundation_outboxitem"]])
    indexes = cursor.fetchall()
    for name, _definition in [*indexes, ("search_words", "")]:
        cursor.execute(f"DROP INDEX {name}")
    yield
    _on_each_core(partial(_execute, {}), [definition for _name, definition in indexes])


def _on_each_core(work: Callable[[Any], None], parts: Iterable[Any]) -> None:
    """Do the work for each part, at as many as there are cores at once, with a connection each."""

    def alone(part: Any) -> None:
        try:
            with unkept():
                work(part)
        finally:
            connection.close()

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(alone, parts))


def _execute(given: dict[str, int], statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(statement, given or None)


def _templates() -> dict[Status, Application]:
    """Return one order in each state, of the pharmacy that stands in the sample register."""
    now = clock.now()
    for kind, rows in files.read_files([*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]).items():
        imports.import_rows(kind, rows, Source("sample"), now=now)
    matti = people.make_founder("Matti Meikäläinen", "9900001-8", now=now)
    riitta = people.make_reviewer("Riitta", now=now)
    asked = orders.claimed(matti, riitta)
    orders.ask(riitta, asked, clock.day(now) + timedelta(days=14))
    rejected = orders.claimed(matti, riitta)
    _reject(riitta, rejected)
    return {
        Status.DRAFT: orders.draft(matti),
        Status.AWAITING_CSR: orders.waiting_for_contact(matti),
        Status.IN_REVIEW: orders.in_review(matti),
        Status.INFO_REQUESTED: asked,
        Status.REJECTED: rejected,
        Status.DELIVERED: orders.delivered(matti, riitta),
    }


def _reject(reviewer: Person, application: Application) -> None:
    seen = orders.Handler(reviewer, application).seen
    given = {"reasons": "Yksikköä ei ole rekisterissä."} | orders.UNHEARD
    services.reject(application.pk, **given, person=reviewer, **seen)


def _organisations(cursor: Any, size: int) -> None:
    """Insert organisations of very different sizes, two persons and the business ID of each."""
    chance, count = random.Random(3), max(20, size // PER_ORGANISATION)
    codes = islice(invented._business_ids(), count)
    kinds = ["Terveys Oy", "Hoiva Oy", "apteekki", "hyvinvointialue", "Hammas Oy", "Klinikat Oy"]
    names = [
        f"{chance.choice(WORDS['first'])}{chance.choice(WORDS['second'])} {chance.choice(kinds)}"
        for _ in range(count)
    ]
    cursor.execute("DROP TABLE IF EXISTS party")
    cursor.execute(PARTY, [names, list(codes), WORDS["first"], WORDS["second"]])
    for statement in PARTIES:
        cursor.execute(statement)


def _enter(part: int) -> None:
    """Make the search entries of one part of the orders."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXED, [os.cpu_count() or 1, part])


def _clone(
    cursor: Any, table: str, key: str, fields: dict[str, str], template: Application
) -> None:
    values = ", ".join(f"'{name}', {value}" for name, value in fields.items())
    cursor.execute(
        f"INSERT INTO {table} SELECT c.* FROM {table} t, made,"
        f" LATERAL jsonb_populate_record(t, jsonb_build_object({values})) c WHERE t.{key} = %s",
        [template.pk],
    )


PARTY = """
CREATE TEMPORARY TABLE party AS
SELECT k, md5('account' || k)::uuid AS id, name, code,
    given[1 + k %% 40] || ' ' || lower(family[1 + k %% 33]) || 'nen' AS person,
    translate(lower(split_part(name, ' ', 1)), 'åäö', 'aao') || k %% 100 || '.fi' AS domain
FROM (SELECT row_number() OVER () - 1 AS k, name, code, given, family
      FROM unnest(%s::text[], %s::text[]) AS named (name, code),
           (SELECT %s::text[] AS given, %s::text[] AS family) words) numbered
"""
PARTIES = (
    "CREATE UNIQUE INDEX ON party (k)",
    """
    INSERT INTO accounts_person (id, given_name, family_name, email, language, created_at)
    SELECT md5('person' || k)::uuid, split_part(person, ' ', 1), split_part(person, ' ', 2),
        'p' || k || '@' || domain, 'fi', now() FROM party
    """,
    """
    INSERT INTO accounts_organisation (id, kind, name, founded_at, founded_by_id)
    SELECT id, 'provider', name, now(), md5('person' || k)::uuid FROM party
    """,
    """
    INSERT INTO accounts_businessid (organisation_id, code, valid_from)
    SELECT id, code, '2020-01-01' FROM party
    """,
    """
    INSERT INTO accounts_membership (person_id, organisation_id, role, basis, stated_basis,
        basis_detail, basis_note, begun_at, confirmed_at)
    SELECT md5('person' || k)::uuid, id, 'administrator', 'mandate', '', '', '', now(), now()
    FROM party
    """,
    "ANALYZE party, accounts_organisation, accounts_businessid",
)
# A large county has thousands of orders, the pharmacy of the templates one in ONE_IN.
MADE = """
CREATE TEMPORARY TABLE made AS
SELECT n, md5('order' || n)::uuid AS new_reference, md5('csr' || n)::uuid AS new_csr,
    10000000 + n AS new_submission, domain, code,
    CASE WHEN n %% %(one_in)s = 0 THEN pharmacy.id ELSE party.id END AS new_organisation,
    CASE WHEN n %% %(one_in)s = 0 THEN pharmacy.founded_by_id ELSE md5('person' || k)::uuid END
        AS new_person,
    party.person AS named, now() - interval '5 years' * (1 - n::float / %(size)s) AS new_at,
    md5('key' || n) || md5('kez' || n) AS new_spki, '01' || upper(md5('serial' || n)) AS new_serial
FROM generate_series(1, %(size)s) AS n
JOIN party ON party.k = floor(power(('x' || left(md5('o' || n), 7))::bit(28)::int / 268435456.0, 2)
    * (SELECT count(*) FROM party))::int,
    (SELECT o.id, o.founded_by_id FROM accounts_organisation o JOIN accounts_businessid b
     ON b.organisation_id = o.id WHERE b.code = '9900001-8') pharmacy
WHERE n::bigint * 7919 %% 1000 >= %(first)s AND n::bigint * 7919 %% 1000 < %(last)s
"""
CLONES: dict[str, tuple[str, dict[str, str]]] = {
    "applications_application": (
        "id",
        {
            "id": "new_reference",
            "number": "'SV-2025-' || lpad(n::text, 7, '0')",
            "organisation_id": "new_organisation",
            "created_by_id": "new_person",
            "created_at": "new_at",
            "changed_at": "new_at",
            "submitted_at": "CASE WHEN t.submitted_at IS NOT NULL THEN new_at END",
            "due_on": "CASE WHEN t.due_on IS NOT NULL THEN new_at::date + 14 END",
            "csr_id": "CASE WHEN t.csr_id IS NOT NULL THEN new_csr END",
            "submission_id": "CASE WHEN t.submission_id IS NOT NULL THEN new_submission END",
            "record_oid": "'1.2.246.10.' || replace(code, '-', '') || '.10.' || n %% 40",
            "mailbox": "'tekniikka@' || domain",
            "contact_name": "named",
            "contact_email": "'o' || n %% 7 || '@' || domain",
            "technical_name": "named",
        },
    ),
    "applications_hostname": (
        "application_id",
        {
            "id": "10000000 + 10 * n + t.position",
            "application_id": "new_reference",
            "name": "(ARRAY['resepti', 'kanta', 'potilas', 'palvelu'])[1 + n %% 4] || n %% 1000"
            " || '.' || CASE t.position WHEN 0 THEN '' ELSE 'varmuus.' END || domain",
        },
    ),
    "applications_csr": (
        "application_id",
        {
            "id": "new_csr",
            "application_id": "new_reference",
            "spki_sha256": "new_spki",
            "sha256": "md5('p' || n) || md5('q' || n)",
            "uploaded_at": "new_at",
        },
    ),
    "applications_submission": (
        "application_id",
        {
            "id": "new_submission",
            "application_id": "new_reference",
            "person_id": "new_person",
            "csr_id": "CASE WHEN t.csr_id IS NOT NULL THEN new_csr END",
            "at": "new_at",
        },
    ),
    "applications_check": (
        "application_id",
        {
            "id": "10000000 + n",
            "application_id": "new_reference",
            "submission_id": "new_submission",
            "csr_id": "new_csr",
            "at": "new_at",
        },
    ),
    "applications_informationrequest": (
        "application_id",
        {"id": "10000000 + n", "application_id": "new_reference", "asked_at": "new_at"},
    ),
    "applications_decision": (
        "application_id",
        {
            "id": "10000000 + n",
            "application_id": "new_reference",
            "submission_id": "new_submission",
            "at": "new_at",
        },
    ),
    "issuance_preparedcertificate": (
        "reference",
        {
            "id": "10000000 + n",
            "reference": "new_reference",
            "organisation_id": "new_organisation",
            "serial": "new_serial",
            "spki_sha256": "new_spki",
            "tbs": "''",
            "csr_der": "''",
            "created_at": "new_at",
        },
    ),
    "issuance_certificate": (
        "reference",
        {
            "id": "10000000 + n",
            "prepared_id": "10000000 + n",
            "reference": "new_reference",
            "organisation_id": "new_organisation",
            "serial": "new_serial",
            "spki_sha256": "new_spki",
            "sha256": "md5('f' || n) || md5('g' || n)",
            "not_before": "new_at",
            "not_after": "new_at + interval '2 years'",
            "issued_at": "new_at",
        },
    ),
}
OTHERS = (
    """
    INSERT INTO foundation_event (at, actor, action, object_type, object_id, organisation_id,
        refused, data, request_id)
    SELECT changed_at, 'person:' || created_by_id,
        (ARRAY['application.submit', 'application.queue', 'application.claim',
               'application.approve', 'application.deliver'])[1 + e %% 5],
        'application', id::text, organisation_id, false,
        jsonb_build_object('order', number, 'version', e), ''
    FROM applications_application, generate_series(1, %(events)s) AS e ORDER BY changed_at
    """,
    """
    INSERT INTO foundation_outboxitem (id, topic, task, queue, payload, request_id, created_at,
        due_at, attempts, round, sent_to, done_at, problem)
    SELECT gen_random_uuid(), 'application.notice', 'applications.notice', 'mail',
        jsonb_build_object('application', id, 'notice', 'received'), '', changed_at, changed_at,
        1, 0, left(md5(mailbox), 16), changed_at, ''
    FROM applications_application, generate_series(1, %(mails)s)
    """,
)
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid::regclass::text = ANY(%s)
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
# The search index is half of all the work.
INDEXED = """
SELECT applications_index_orders(array_agg(id))
FROM (SELECT id, row_number() OVER (ORDER BY id) / 1000 AS batch FROM applications_application)
    AS numbered
WHERE batch %% %s = %s GROUP BY batch
"""
SEARCHED = """
CREATE INDEX search_words ON applications_searchentry USING gin (words) WITH (fastupdate = off)
"""
BLOCKED = """
INSERT INTO issuance_blockedkey (spki_sha256, reason, created_at)
SELECT CASE WHEN n <= 20 THEN spki_sha256 ELSE md5('b' || n) || md5('c' || n) END,
    'published', now() - interval '2 days'
FROM (SELECT row_number() OVER () AS n, spki_sha256
      FROM (SELECT spki_sha256 FROM issuance_certificate ORDER BY id DESC LIMIT %s) newest)
    AS numbered
ON CONFLICT DO NOTHING
"""
