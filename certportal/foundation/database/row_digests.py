"""Digests of rows that events hold, by which `verify_audit` finds rows changed by hand."""

import hashlib
import json
from datetime import UTC, datetime


def digest_of(*values: object) -> str:
    """Return the SHA-256 (hex) of the values of a row's columns.

    Equal for the values that were written and those that the database returns: moments count in
    UTC, keys and days as text.
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=_text).encode()).hexdigest()


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
