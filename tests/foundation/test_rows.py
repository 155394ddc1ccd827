"""Rows are inserted and updated as Django would have done it one by one."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError

from certportal.foundation.database import row_writes
from certportal.foundation.models import OutboxItem

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 25, 12, tzinfo=ZoneInfo("Europe/Helsinki"))


def items():
    payloads = [{}, {"name": "Sibeliuksen apteekki, Äänekoski", "times": [1, None]}]
    return [
        OutboxItem(topic="bell", task="tests.ring", queue="ca", payload=each, created_at=NOON)
        for each in payloads
    ]


def test_what_is_read_back_is_what_was_given():
    made = items()
    for one in made:
        one.due_at, one.attempts = NOON.astimezone(UTC), 2
    row_writes.insert(made)
    for one in made:
        stored = OutboxItem.objects.get(pk=one.pk)
        assert isinstance(stored.pk, UUID)
        assert (stored.topic, stored.payload, stored.attempts) == ("bell", one.payload, 2)
        assert stored.created_at == stored.due_at == NOON
        assert (stored.handed_at, stored.problem) == (None, "")


def test_they_are_no_longer_new():
    made = items()
    for one in made:
        one.due_at = NOON
    row_writes.insert(made)
    made[0].attempts = 1
    made[0].save()
    assert sorted(OutboxItem.objects.values_list("attempts", flat=True)) == [0, 1]


def test_none_is_nothing_to_do():
    row_writes.insert([])
    assert not OutboxItem.objects.exists()


def test_only_the_named_fields_are_updated():
    (made, other) = items()
    for one in (made, other):
        one.due_at = NOON
    row_writes.insert([made, other])
    made.payload, made.problem, made.attempts = {"name": "Åbo"}, "not stored", 3
    made.handed_at = NOON
    row_writes.update(made, "payload", "attempts", "handed_at")
    stored = OutboxItem.objects.get(pk=made.pk)
    assert (stored.payload, stored.attempts, stored.handed_at) == ({"name": "Åbo"}, 3, NOON)
    assert stored.problem == ""
    assert OutboxItem.objects.get(pk=other.pk).attempts == 0


def test_a_row_that_is_gone_is_not_updated_in_silence():
    (made, _other) = items()
    made.due_at = NOON
    row_writes.insert([made])
    OutboxItem.objects.filter(pk=made.pk).delete()
    with pytest.raises(DatabaseError, match=r"no row .* of foundation.OutboxItem"):
        row_writes.update(made, "attempts")
