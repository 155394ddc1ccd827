"""An event as a leaf of the log: canonical JSON of its columns, in UTF-8.

Names are sorted, there is no white space, and non-ASCII characters are not escaped. Times are in
UTC with microseconds. Events contain ids only, so a leaf has no personal data and is never erased.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from certportal.foundation.event_log.tiles import LONGEST_ENTRY

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def leaf_of(event: Mapping[str, Any]) -> bytes:
    """Return the leaf of an event, given as a mapping of its columns to JSON values.

    If its data is too long for an entry of the log, the leaf has the data's SHA-256 instead.
    """
    leaf = _canonical(event).encode()
    if len(leaf) <= LONGEST_ENTRY:
        return leaf
    digest = hashlib.sha256(_canonical(event["data"]).encode()).hexdigest()
    short = {name: value for name, value in event.items() if name != "data"}
    return _canonical(short | {"data_sha256": digest}).encode()


def event_of(leaf: bytes) -> dict[str, Any]:
    """Return the event's columns. Raises ValueError."""
    event = json.loads(leaf)
    if not isinstance(event, dict) or not isinstance(event.get("id"), int):
        raise ValueError("the leaf is no event")
    return event


def number_of(leaf: bytes) -> int:
    """Return the event's number without parsing the whole leaf. Raises ValueError."""
    # Searched from the end: later texts cannot contain these characters, since their quotation
    # marks are escaped.
    start = leaf.rindex(b',"id":') + 6
    return int(leaf[start : leaf.index(b",", start)])
