"""The audit log is only ever added to."""

import logging

import pytest
import structlog
from django.db import InternalError, connection, transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor, system
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event, EventOrigin

pytestmark = pytest.mark.django_db
FEEDBACK_GIVEN = ServiceEvent.FEEDBACK_GIVEN


@pytest.fixture
def event(now):
    actor = Actor("person", "1", address="192.0.2.7")
    return events.record(FEEDBACK_GIVEN, Subject("test", 7), actor=actor, now=now)


def test_an_event_names_who_what_when_and_from_where(event, now):
    event.refresh_from_db()
    assert (event.actor, event.action, event.object_id) == ("person:1", FEEDBACK_GIVEN, "7")
    assert (event.at, event.origin.address, event.refused) == (now, "192.0.2.7", False)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE foundation_event SET action = 'x'", "DELETE FROM foundation_event"],
)
def test_the_database_refuses_to_change_or_delete_events(event, statement):
    with (
        pytest.raises(InternalError, match="_event is kept as it is"),
        transaction.atomic(),
    ):
        connection.cursor().execute(statement)
    assert Event.objects.filter(pk=event.pk, action=FEEDBACK_GIVEN).exists()


def test_the_address_stands_in_a_row_that_can_be_erased(event):
    EventOrigin.objects.filter(event=event).delete()
    assert "192.0.2.7" not in str(list(Event.objects.values()))
    assert Event.objects.filter(pk=event.pk).exists()


def test_what_the_system_does_has_no_address(now):
    event = events.record(FEEDBACK_GIVEN, Subject("test", 1), actor=system("x"), now=now)
    assert not EventOrigin.objects.filter(event=event).exists()


def test_the_system_acts_under_the_name_of_its_part():
    assert str(system("clock")) == "system:clock"


def test_an_event_carries_its_request_and_is_a_line_of_the_log_too(now):
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        with structlog.contextvars.bound_contextvars(request_id="r-7"):
            actor = Actor("person", "1", address="192.0.2.7")
            made = events.record(FEEDBACK_GIVEN, Subject("test", 7), actor=actor, now=now)
    finally:
        logging.getLogger().removeHandler(handler)
    assert Event.objects.get(pk=made.pk).request_id == "r-7"
    (line,) = [one for one in lines if "feedback.given" in one]
    for part in ("person:1", "'7'", "r-7"):
        assert part in line
    assert "192.0.2.7" not in line
