"""Changing the registers through the real importer."""

from dataclasses import replace
from datetime import timedelta

from accounts.register import services
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.rows import STATED, Row
from accounts.register.services import Source
from certportal.foundation import clock

DELTA = Source("test", RegisterRun.Scope.DELTA)


def row(oid, kind=Kind.SOTE_UNIT, **fields):
    """Return the present row of the code, with these fields changed."""
    record = RegisterRecord.objects.get(oid=oid, kind=kind, known_to=None)
    return replace(Row(**{name: getattr(record, name) for name in STATED}), **fields)


def change(oid, kind=Kind.SOTE_UNIT, now=None, **fields):
    """Let the register say otherwise of the code from now on."""
    return services.import_rows(kind, [row(oid, kind, **fields)], DELTA, now=now or clock.now())


def announce(oid, kind=Kind.SOTE_UNIT, now=None, **fields):
    """Let the register say of the code that from tomorrow on it is otherwise."""
    moment = now or clock.now()
    today, present = clock.day(moment), row(oid, kind)
    coming = replace(present, valid_from=today + timedelta(days=1), **fields)
    rows = [replace(present, valid_to=today), coming]
    return services.import_rows(kind, rows, DELTA, now=moment)
