"""The leaf of an event."""

import hashlib
import json

import pytest

from certportal.foundation.event_log.leaves import event_of, leaf_of, number_of
from certportal.foundation.event_log.tiles import LONGEST_ENTRY
from certportal.foundation.models import Event

EVENT = {
    "id": 7,
    "at": "2026-11-26T08:30:15.000000Z",
    "actor": "person:1",
    "action": "order.sent",
    "object_type": "application",
    "object_id": "9",
    "organisation_id": None,
    "refused": False,
    "data": {"b": 1, "a": ["ä"]},
    "request_id": "r-7",
}


def test_a_leaf_is_canonical_json():
    assert leaf_of(EVENT) == leaf_of(dict(reversed(EVENT.items())))
    assert leaf_of(EVENT).decode() == (
        '{"action":"order.sent","actor":"person:1","at":"2026-11-26T08:30:15.000000Z",'
        '"data":{"a":["ä"],"b":1},"id":7,"object_id":"9","object_type":"application",'
        '"organisation_id":null,"refused":false,"request_id":"r-7"}'
    )
    assert event_of(leaf_of(EVENT)) == EVENT
    assert number_of(leaf_of(EVENT | {"request_id": ',"id":8,', "data": {"id": 9}})) == 7


def test_every_column_of_an_event_is_in_its_leaf():
    assert {field.name for field in Event._meta.concrete_fields} == set(EVENT)


def test_data_that_is_too_long_for_an_entry_stands_there_as_its_hash():
    data = {"ids": list(range(20_000))}
    leaf = leaf_of(EVENT | {"data": data})
    plain = json.dumps(data, separators=(",", ":")).encode()
    assert len(leaf) < LONGEST_ENTRY
    assert event_of(leaf)["data_sha256"] == hashlib.sha256(plain).hexdigest()


@pytest.mark.parametrize("leaf", [b"", b"[]", b"{}", b'{"id":"7"}'])
def test_what_is_no_event_is_refused(leaf):
    with pytest.raises(ValueError, match=r"is no event|Expecting"):
        event_of(leaf)
