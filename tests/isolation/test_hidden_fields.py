"""Fields that a form does not have change nothing, and reading a page changes nothing at all."""

import copy
import re
from datetime import datetime
from functools import lru_cache

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from certportal.dev.builders import orders, people
from tests import prepared
from tests.isolation.addresses import address, set_aside
from tests.isolation.forms import Form
from tests.isolation.table import TABLE

OURS = ("accounts", "applications", "issuance", "foundation", "auth")
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBER = re.compile(r"\b[A-Z]{2}-\d{4}-\d{5}\b|\b\d{10,}\b|\d{4}-\d\d-\d\dT[\d:.]+")
SECRET = re.compile(r"[\w+/=-]{32,}")
# Counters and sessions move whenever somebody asks; refused tries and searches are not changes.
# A PDF is the order's own words once more, rendered when somebody first asks for it; so is what the
# database finds an order by, its number and the keys of its rows among them.
MOVING = {
    "foundation.tally",
    "foundation.event",
    "foundation.eventorigin",
    "applications.paper",
} | {"applications.searchentry"}
RENDERING = "paper.wanted"
ASIDE = {"accounts:logout", "accounts:identify", "testidp:token", "testidp:authorize"}


def evil(stranger):
    """Return fields that somebody would like to set: state, owner, judge, validity, role, proof."""
    organisation = str(stranger.memberships.get().organisation_id)
    person = str(stranger.pk)
    later = "2099-12-31T00:00:00Z"
    return {
        **dict.fromkeys(["status", "state", "action"], "delivered"),
        **dict.fromkeys(["organisation", "organisation_id", "holder", "holder_id"], organisation),
        **dict.fromkeys(["reviewer", "reviewer_id", "person", "person_id", "created_by"], person),
        **dict.fromkeys(["created_by_id", "by", "actor", "user", "user_id", "approver"], person),
        **dict.fromkeys(["not_before", "not_after", "expires_at", "due_on", "until"], later),
        **dict.fromkeys(["completed_at", "erased_at", "ended_at", "confirmed_at", "now"], later),
        **dict.fromkeys(["email_verified_at", "certified_email_proved_at", "identified_at"], later),
        **dict.fromkeys(["validity", "validity_months", "months", "max_validity"], "999"),
        **dict.fromkeys(["role", "kind", "basis"], "administrator"),
        **dict.fromkeys(["is_superuser", "is_staff", "is_active", "approved", "confirmed"], "on"),
        **dict.fromkeys(["price", "number", "serial", "serial_number", "profile"], "1"),
        **dict.fromkeys(["environment", "type", "purpose"], "production"),
        **dict.fromkeys(["csr", "csr_id", "submission", "submission_id", "id", "pk"], "1"),
        **dict.fromkeys(["findings", "rule_set_version", "evidence", "waived"], "none"),
    }


def keys():
    """Return the keys of all rows there are."""
    return frozenset(
        str(key) for model in ours() for key in model._base_manager.values_list("pk", flat=True)
    )


def ours():
    models = [one for one in apps.get_models() if one._meta.app_label in OURS]
    return [one for one in models if one._meta.label_lower not in MOVING]


def plain(name, value, known):
    """Return the value as it compares between two runs: what is new has another key each time."""
    if isinstance(value, dict):
        return {key: plain(key, one, known) for key, one in value.items()}
    if isinstance(value, datetime):
        return value.year
    if isinstance(value, memoryview | bytes):
        return "bytes"
    if name == "source" or (isinstance(value, int) and name.endswith("id")):
        return "key"  # "source" is the key of the event that a mail is about
    return masked(str(value), known)


@lru_cache(100_000)  # most rows are the same in each state
def masked(words, known):
    for pattern in (KEY, SECRET):
        words = pattern.sub(lambda found: found[0] if found[0] in known else "new", words)
    return NUMBER.sub("number", words)


def state(known):
    """Return everything that stands in the database, row by row, fit to be compared."""
    found = ours()
    return {
        model._meta.label_lower: rows(model, as_it_is, known)
        for model, as_it_is in zip(found, contents(found), strict=True)
    }


def contents(models):
    """Return a digest of the rows of each model's table."""
    digests = "count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0)"
    tables = [connection.ops.quote_name(model._meta.db_table) for model in models]
    asked = ", ".join(f"(SELECT {digests} FROM {table} t)" for table in tables)
    (found,) = prepared.rows(f"SELECT {asked}")
    return found


@lru_cache(1_000)  # an act changes few tables
def rows(model, as_it_is, known):
    """Return the rows of a table, which are the same whenever its digest is."""
    return sorted(
        str({name: plain(name, value, known) for name, value in row.items()})
        for row in model._base_manager.values()
        if row.get("topic") != RENDERING
    )


def changed(before, after):
    return [name for name in before if before[name] != after[name]]


def differences(one, other):
    """Return the rows in which two states differ, for the reader of a failure."""
    return [(set(one[name]) ^ set(other[name])) for name in changed(one, other)]


@pytest.fixture(scope="module", autouse=True)
def _nothing_kept():
    """Give back what the states held: tests that fork copy the tables of all pages there are."""
    yield
    masked.cache_clear()
    rows.cache_clear()


@pytest.fixture
def seats(order, draft, matti, riitta, kalle, sofia):
    """Who may do things, each with the orders they may do them to."""
    web, desk = people.log_in(Client(), matti), people.log_in(Client(), riitta)
    case = orders.claimed(matti, riitta)
    orders.give_evidence(riitta, case)
    waiting = orders.submitted(matti)
    set_aside()
    return [
        (web, "", [draft, waiting, order]),
        (desk, "console:", [case, order]),
        (people.log_in(Client(), sofia), "staff:", [order]),
    ]


def doors(seats):
    """Yield browser and address of everything each of them may open."""
    for client, space, applications in seats:
        for entry in TABLE:
            inside = entry.name.startswith(space) if space else ":" not in entry.name
            inside = inside or (not space and entry.name.startswith(("applications:", "accounts:")))
            if entry.name and inside and entry.name not in ASIDE:
                wanted = applications if "application_id" in entry.wants else applications[:1]
                for application in wanted:
                    if entry.wants <= KNOWN or entry.name.startswith("applications:"):
                        yield client, entry, where(entry, application), application


KNOWN = {
    *["application_id", "csr_id", "host_id", "attachment_id", "number", "membership_id"],
    *[
        "invitation_id",
        "request_id",
        "organisation_id",
        "kind",
        "task_id",
        "item_id",
        "object_id",
        "app_label",
    ],
}


def where(entry, application):
    if entry.wants == {"app_label"}:
        return reverse(entry.name, kwargs={"app_label": "issuance"})
    return address(entry, application)


def undone(act):
    """Return what the act gives, with the database as it was before."""
    with transaction.atomic():
        given = act()
        transaction.set_rollback(True)
    return given


def test_reading_pages_changes_nothing(seats):
    known, headed = keys(), set()
    before = state(known)
    for client, entry, place, _application in doors(seats):
        opened = client.get(place).status_code == 200
        if opened and entry.name not in headed:  # the same views answer it, whatever the order
            client.head(place)
            headed.add(entry.name)
    assert len(headed) > 60
    assert changed(before, state(known)) == []


def test_a_form_that_lacks_fields_is_answered_in_words(seats):
    failed, lacked, asked = [], set(), set()
    for client, entry, place, application in doors(seats):
        client.raise_request_exception = False
        page = client.get(place)
        is_page = page.headers.get("Content-Type", "").startswith("text/html")
        fields = Form(page.text if is_page else "").fields
        application.refresh_from_db()
        version = {"version": application.version}
        # The same view refuses the same form alike, whatever the order.
        shape = (entry.name, page.status_code, *sorted(fields))
        if fields and shape in asked:
            continue
        asked.add(shape)
        lacking = [
            {**version, **{name: value for name, value in fields.items() if name != one}}
            for one in fields
        ]
        for given in ({}, version, *lacking):
            cookies = copy.copy(client.cookies)
            status = undone(lambda: client.post(place, given).status_code)  # noqa: B023
            client.cookies = cookies
            if status == 500:
                failed.append((entry.name, sorted(given)))
            if status == 405:  # whatever the fields, of which none is read
                break
        lacked |= {entry.name} if lacking else set()
    assert failed == []
    assert len(lacked) > 20


def test_hidden_fields_change_nothing(seats, kalle):
    wishes, known, compared, worked = evil(kalle), keys(), 0, set()
    before = state(known)

    def sent(client, place, fields):
        cookies = copy.copy(client.cookies)  # a session begun anew is undone as well
        given = undone(lambda: (client.post(place, fields).status_code, state(known)))
        client.cookies = cookies
        return given

    for client, entry, place, application in doors(seats):
        page = client.get(place)
        is_page = page.headers.get("Content-Type", "").startswith("text/html")
        form = Form(page.text if is_page else "")
        application.refresh_from_db()
        fields = {"version": application.version} | form.fields
        hidden = {name: value for name, value in wishes.items() if name not in form.names}
        honest = sent(client, place, fields)
        if honest[0] == 405:  # whatever the fields, of which none is read
            continue
        forged = sent(client, place, fields | hidden)
        assert honest[0] == forged[0], place
        assert differences(honest[1], forged[1]) == [], place
        compared += 1
        worked |= {entry.name} if changed(before, honest[1]) else set()
    assert compared > 60
    # It is of no use to compare what refuses both: many of the acts must have been carried out.
    assert len(worked) > 12, worked
