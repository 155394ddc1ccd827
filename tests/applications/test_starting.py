"""A draft that is asked for again and again: one, and never more than somebody can fill in."""

from datetime import timedelta
from functools import partial

import pytest

from applications.models import Application
from applications.services.applicant import repeated_starts
from applications.services.applicant.repeated_starts import REPEATED_WITHIN
from certportal.dev.builders import orders
from certportal.foundation import clock
from certportal.foundation.errors import Refused, TooMany
from certportal.foundation.models import Event
from tests.applications.at_once import at_once

pytestmark = pytest.mark.django_db
TYPES = ["server", "test_server", "system_signature", "test_system_signature"]


@pytest.mark.django_db(transaction=True)
def test_twenty_new_orders_at_the_same_moment_are_one_draft(matti):
    done = at_once(*[partial(orders.begin, matti)] * 20, refusals=Refused)
    assert done == ["done"] * 20
    draft = Application.objects.get()
    assert Event.objects.filter(action="application.start", object_id=str(draft.pk)).count() == 1


@pytest.mark.django_db(transaction=True)
def test_ordering_again_twice_at_the_same_moment_is_one_draft(matti):
    template = orders.submitted(matti)
    again = partial(orders.begin, matti, template=template)
    at_once(again, again, again, refusals=Refused)
    draft = Application.objects.exclude(pk=template.pk).get()
    assert draft.host_names.count() == template.host_names.count() == 2


def test_another_type_another_person_and_a_later_hour_begin_another(matti, maija, now):
    first = orders.begin(matti, now=now)
    assert orders.begin(matti, now=now) == first
    others = {
        orders.begin(matti, "test_server", now=now).pk,
        orders.begin(maija, now=now).pk,
        orders.begin(matti, now=now + REPEATED_WITHIN + timedelta(seconds=1)).pk,
    }
    assert len(others | {first.pk}) == 4


def test_a_draft_that_has_been_filled_in_is_not_given_again(matti):
    filled = orders.draft(matti)
    assert orders.begin(matti) != filled


def test_a_draft_with_a_request_uploaded_is_not_given_again(matti):
    first = orders.begin(matti)
    orders.services.upload_csr(
        first.pk,
        orders.openssl_csr(),
        actor=orders.actor_for(matti),
        now=clock.now(),
    )
    assert orders.begin(matti) != first


def test_a_person_begins_so_many_drafts_an_hour_and_is_told_when_to_go_on(
    matti, maija, now, monkeypatch
):
    monkeypatch.setattr(repeated_starts, "MOST_AN_HOUR", 2)
    for type in TYPES[:2]:
        orders.begin(matti, type, now=now)
    with pytest.raises(TooMany):
        orders.begin(matti, TYPES[2], now=now)
    assert Application.objects.count() == 2
    orders.begin(maija, now=now)


def test_so_do_the_members_of_an_organisation_together(matti, maija, now, monkeypatch):
    monkeypatch.setattr(repeated_starts, "MOST_FOR_ONE", 2)
    orders.begin(matti, now=now)
    orders.begin(maija, now=now)
    with pytest.raises(TooMany):
        orders.begin(maija, "test_server", now=now)
    assert Application.objects.count() == 2
