"""The audit log is only ever added to."""

import pytest
from django.db import InternalError, connection, transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.models import Event, EventOrigin

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(now):
    actor = Actor("person", "1", address="192.0.2.7")
    return events.record("test.done", actor=actor, now=now, object_type="test", object_id=7)


def test_an_event_names_who_what_when_and_from_where(event, now):
    event.refresh_from_db()
    assert (event.actor, event.action, event.object_id) == ("person:1", "test.done", "7")
    assert (event.at, event.origin.address, event.refused) == (now, "192.0.2.7", False)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE foundation_event SET action = 'x'", "DELETE FROM foundation_event"],
)
def test_the_database_refuses_to_change_or_delete_events(event, statement):
    with pytest.raises(InternalError, match="only ever inserted"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Event.objects.filter(pk=event.pk, action="test.done").exists()


def test_the_address_stands_in_a_row_that_can_be_erased(event):
    EventOrigin.objects.filter(event=event).delete()
    assert "192.0.2.7" not in str(list(Event.objects.values()))
    assert Event.objects.filter(pk=event.pk).exists()


def test_what_the_system_does_has_no_address(now):
    event = events.record("test.done", actor=system("x"), now=now, object_type="test", object_id=1)
    assert not EventOrigin.objects.filter(event=event).exists()


def test_the_system_acts_under_the_name_of_its_part():
    assert str(system("clock")) == "system:clock"
