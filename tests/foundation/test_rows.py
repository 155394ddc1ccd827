"""Rows inserted many at once are those that Django would have inserted one by one."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from certportal.foundation import bulk_insert
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
    bulk_insert.insert(made)
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
    bulk_insert.insert(made)
    made[0].attempts = 1
    made[0].save()
    assert sorted(OutboxItem.objects.values_list("attempts", flat=True)) == [0, 1]


def test_none_is_nothing_to_do():
    bulk_insert.insert([])
    assert not OutboxItem.objects.exists()
