"""Sending many while somebody else is at the same orders: nobody waits, and nothing is lost."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access import actor_for
from accounts.models import Organisation
from accounts.services.organisations.follow_register import follow_register
from applications import services
from applications.models import Application, BulkOrder, SearchEntry, Submission
from applications.services.applicant import bulk_orders
from applications.services.applicant.bulk_orders import Busy, drafts_of, fingerprint
from applications.workflow import Status
from certportal.dev.builders import bulk, orders, people
from certportal.dev.builders.acts import act as do_as
from certportal.foundation import clock, turns
from certportal.foundation.errors import TooMany
from tests.applications.at_once import Beside

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def together(sample, matti):
    return bulk.begun(matti, "a.example.fi", "b.example.fi")


def page_of(name, together):
    return reverse(f"applications:{name}", args=[together.pk])


def test_a_second_tab_is_told_at_once_that_the_orders_are_being_sent(matti, together):
    check = page_of("check_together", together)
    web = people.log_in(Client(), matti)
    seen = fingerprint(list(drafts_of(together, matti)))
    declared = dict.fromkeys(("authority", "domains", "system", "truth", "binding"), "on")
    answers = []

    def second_tab():
        answers.append(web.post(check, declared | {"version": seen}))

    def discarding():
        place = page_of("discard_together", together)
        answers.append(web.post(place, {"version": seen}))

    with transaction.atomic():
        bulk.sent(matti, together)
        for work in (second_tab, discarding):
            assert Beside(work).end() is None
    page = page_of("bulk_order", together)
    assert [one["Location"] for one in answers] == [page, page]
    assert "Tilauksia lähetetään, poistetaan tai muutetaan juuri nyt." in web.get(page).text
    assert Submission.objects.count() == 2


def test_many_bulk_orders_at_once_leave_threads_for_pages(matti, together, monkeypatch):
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    with turns.turn(), turns.turn():
        for work in (bulk.sent, bulk.begun):
            with pytest.raises(TooMany):
                work(matti, together if work is bulk.sent else "c.example.fi")
    assert {one.status for one in Application.objects.all()} == {Status.DRAFT}
    bulk.sent(matti, together)
    assert BulkOrder.objects.get().sent_at is not None


def test_an_organisation_begins_so_many_drafts_an_hour(matti, sample, monkeypatch):
    """Each bulk order counts as one draft for the other limits, and may have five hundred."""
    monkeypatch.setattr(bulk_orders, "MOST_TOGETHER_AN_HOUR", 3)
    bulk.begun(matti, "a.example.fi", "b.example.fi")
    with pytest.raises(TooMany):
        bulk.begun(matti, "c.example.fi", "d.example.fi")
    assert Application.objects.count() == 2


def test_many_drafts_are_deleted_with_as_many_statements_as_two(matti, sample):
    """Five hundred took a minute of a thread and of the database."""
    asked = []
    for count in (2, 20):
        many = bulk.begun(matti, *[f"a{number}.example.fi" for number in range(count)])
        seen = fingerprint(list(drafts_of(many, matti)))
        with CaptureQueriesContext(connection) as of_many:
            do_as(matti, services.discard_together, many.pk, person=matti, seen=seen)
        asked.append(len(of_many))
    assert asked[0] == asked[1]
    assert not Application.objects.exists()


def test_sending_does_not_wait_for_a_draft_that_somebody_changes(matti, together):
    last = together.orders.order_by("number").last()
    with transaction.atomic():
        Application.objects.select_for_update().get(pk=last.pk)
        refused = Beside(lambda: bulk.sent(matti, together)).end()
    assert isinstance(refused, Busy)
    assert {one.status for one in together.orders.all()} == {Status.DRAFT}
    bulk.sent(matti, together)
    assert Submission.objects.count() == 2


def test_deleting_the_last_draft_while_it_is_to_be_sent_ends_one_way(matti, together):
    first, last = together.orders.order_by("number")
    services.discard(first.pk, **orders.Handler(matti, first).seen)
    with transaction.atomic():
        services.discard(last.pk, **orders.Handler(matti, last).seen)
        refused = Beside(lambda: bulk.sent(matti, together)).end()
    assert isinstance(refused, Busy)
    assert not BulkOrder.objects.exists()


@pytest.mark.parametrize("act", ["send", "discard", "discard without host names"])
def test_what_is_done_together_stops_nobody_who_renames_its_organisation(matti, sample, act):
    """A renaming enters the orders in the index of searches by their keys, as `act` does."""
    if act == "discard without host names":
        rows = [replace(row, host_names=[]) for row in bulk.rows_for(*"abcdefgh")]
        many = bulk.begun(matti, rows=rows)
    else:
        many = bulk.begun(matti, *[f"{name}.example.fi" for name in "abcdefgh"])
        bulk.completed(matti, list(many.orders.all()))
    by_number = list(many.orders.order_by("number"))
    later, first = next((a, b) for a, b in pairwise(by_number) if a.pk > b.pk)
    seen = fingerprint(list(drafts_of(many, matti)))
    given = {"seen": seen, "actor": actor_for(matti), "now": clock.now()}
    doing = partial(services.discard_together, many.pk, **given, person=matti)
    if act == "send":
        doing = partial(services.submit_together, many.pk, **given, **orders.signature(matti))
    with transaction.atomic():
        SearchEntry.objects.select_for_update().get(pk=first.pk)
        beside = Beside(doing)
        SearchEntry.objects.select_for_update().get(pk=later.pk)
    assert beside.end() is None
    assert not many.orders.filter(status=Status.DRAFT).exists()


@pytest.mark.parametrize("first", [0, 1])
def test_an_import_that_renames_accounts_stops_nobody_who_acts_on_orders_of_several(
    matti, kalle, sample, first
):
    """Whichever order somebody holds, the import waits with no order of another account held."""
    both = [orders.draft(person) for person in (matti, kalle)]
    Organisation.objects.update(name="Vanha nimi")
    with transaction.atomic():
        SearchEntry.objects.select_for_update().get(pk=both[first].pk)
        beside = Beside(lambda: follow_register(now=clock.now()))
        SearchEntry.objects.select_for_update().get(pk=both[1 - first].pk)
    assert beside.end() is None
    assert not Organisation.objects.filter(name="Vanha nimi").exists()
