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


def sent(client, place, fields, known=None):
    """Return the status that answers the fields, and the state after it if asked; then undo it."""

    def act():
        status = client.post(place, fields).status_code
        return status, state(known) if known and status != 405 else {}

    cookies = copy.copy(client.cookies)  # a session begun anew is undone as well
    given = undone(act)
    client.cookies = cookies
    return given


def lacking(form, version):
    """Yield the form without any field, with the version alone, and without each of the others.

    The token against forgery is not asked of a test's client.
    """
    yield {}
    yield version
    for one in form.fields.keys() - {"csrfmiddlewaretoken"}:
        yield {**version, **{name: value for name, value in form.fields.items() if name != one}}


def is_html(answer):
    return answer.headers.get("Content-Type", "").startswith("text/html")


def opened(client, place):
    """Return the page, and what it lets people send to its own address."""
    page = client.get(place)
    return page, Form(page.text if is_html(page) else "", place)


class Forms:
    """What comes of the forms of the pages when they are sent otherwise than they stand."""

    def __init__(self, stranger):
        self.wishes, self.known = evil(stranger), keys()
        self.before = state(self.known)
        self.asked, self.lacked, self.worked = set(), set(), set()
        self.failed, self.forged, self.compared = [], [], 0

    def send_with_more(self, client, entry, place, form, version):
        """Send the form as it stands, and with fields that it does not have; False if to nobody."""
        fields = version | form.fields
        honest = sent(client, place, fields, self.known)
        if honest[0] == 405:  # whatever the fields, of which none is read
            return False
        hidden = {name: value for name, value in self.wishes.items() if name not in form.names}
        forged = sent(client, place, fields | hidden, self.known)
        if honest[0] != forged[0] or differences(honest[1], forged[1]):
            self.forged.append((place, honest[0], forged[0], differences(honest[1], forged[1])))
        self.compared += 1
        self.worked |= {entry.name} if changed(self.before, honest[1]) else set()
        return True

    def send_with_less(self, client, entry, place, page, form, version):
        """Send the form without some of its fields."""
        # The same view refuses the same form alike, whatever the order.
        shape = (entry.name, page.status_code, *sorted(form.fields))
        if is_html(page) and shape in self.asked:
            return
        self.asked.add(shape)
        client.raise_request_exception = False
        for given in lacking(form, version):
            if sent(client, place, given)[0] == 500:
                self.failed.append((entry.name, sorted(given)))
        client.raise_request_exception = True
        self.lacked |= {entry.name} if form.fields else set()


def test_pages_change_nothing_and_forms_do_no_more_than_they_show(seats, kalle):
    """Opened, sent with fields that they lack, and sent without fields that they have."""
    forms, headed = Forms(kalle), set()
    for client, entry, place, application in doors(seats):
        page, form = opened(client, place)
        if page.status_code == 200 and entry.name not in headed:
            client.head(place)  # the same views answer it, whatever the order
            headed.add(entry.name)
        application.refresh_from_db()
        version = {"version": application.version}
        if forms.send_with_more(client, entry, place, form, version):
            forms.send_with_less(client, entry, place, page, form, version)
    assert len(headed) > 60
    assert changed(forms.before, state(forms.known)) == []
    assert forms.forged == []
    assert forms.compared > 60
    # It is of no use to compare what refuses both: many of the acts must have been carried out.
    assert len(forms.worked) > 12, forms.worked
    assert forms.failed == [], "a form that lacks fields is answered in words"
    assert len(forms.lacked) > 20
