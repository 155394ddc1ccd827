"""Changing the registers through the real importer."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from accounts.register.mirror import imports
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.source.rows import STATED, Row
from certportal.foundation import clock

DELTA = imports.Source("test", RegisterRun.Scope.DELTA)


def row(oid: str, kind: Kind = Kind.SOTE_UNIT, **fields: Any) -> Row:
    """Return the present row of the unit, with these fields changed."""
    record = RegisterRecord.objects.get(oid=oid, kind=kind, known_to=None)
    return replace(Row(**{name: getattr(record, name) for name in STATED}), **fields)


def change(
    oid: str, kind: Kind = Kind.SOTE_UNIT, now: datetime | None = None, **fields: Any
) -> imports.Report:
    """Import a change of the unit that is valid now."""
    return imports.import_rows(kind, [row(oid, kind, **fields)], DELTA, now=now or clock.now())


def announce(
    oid: str, kind: Kind = Kind.SOTE_UNIT, now: datetime | None = None, **fields: Any
) -> imports.Report:
    """Import a change of the unit that is valid from tomorrow."""
    moment = now or clock.now()
    today, present = clock.day(moment), row(oid, kind)
    coming = replace(present, valid_from=today + timedelta(days=1), **fields)
    rows = [replace(present, valid_to=today), coming]
    return imports.import_rows(kind, rows, DELTA, now=moment)
