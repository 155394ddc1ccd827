"""What most tests begin with, made through the services once in a process and then put back.

The rows and files are those that the services made, for a tenth of the time: the importer builds
indexes anew, and registering a CA signs, checks and forces to disk.
"""

import copy
import fcntl
import io
import os
import pickle
from contextlib import suppress
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

from django.db import connection

from accounts.register.mirror import imports
from accounts.register.models import RegisterRecord, RegisterRun, RegisterWord
from accounts.register.source import files
from certportal.dev import sample_mails
from certportal.dev.builders.hierarchy import make_hierarchy, use_memory
from certportal.foundation import clock
from certportal.foundation.database import row_writes
from certportal.foundation.models import Event
from issuance.conf import pki
from issuance.models import IssuingCA, SigningLease
from tests import database, kept_files, rows

_make_mails = sample_mails.samples  # whose place `mails_made_once` takes in the page of all mails
_samples: dict[date, "_Sample"] = {}
_hierarchies: dict[str, "_Hierarchy"] = {}


@cache
def mails_made_once() -> list[sample_mails.Sample]:
    """Return every mail of the service, made by the first process that wants them on a day.

    Many orders are brought about and taken back for them: 14 s of the processor.
    """
    state = database.digest(*database.DECIDING, "templates", "locale"), clock.day(clock.now())
    with Path(os.environ["PORTAL_DATA"], "sample_mails").open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        with suppress(EOFError):  # nobody has made them yet
            if pickle.load(file) == state:
                return cast(list[sample_mails.Sample], pickle.load(file))
        made = _make_mails()
        file.truncate(0)
        pickle.dump(state, file)
        pickle.dump(made, file)
    return made


def put_sample(*, now: datetime) -> None:
    """Let both sample registers be imported at that moment."""
    assert not RegisterRun.objects.exists(), "there is a register already"
    day = clock.day(now)
    if day not in _samples:
        _samples[day] = _Sample(now)
    else:
        _samples[day].put(now)


def put_hierarchy(settings: Any, data: Path) -> dict[str, IssuingCA]:
    """Let the four CAs be registered, with files under ``data``; return them by their stems."""
    assert not IssuingCA.objects.exists(), "there are CAs already"
    known = repr(pki())
    if known not in _hierarchies:
        _hierarchies[known] = _Hierarchy(settings, data)
    else:
        _hierarchies[known].put(settings, data)
    return {ca.stem: ca for ca in IssuingCA.objects.order_by("pk")}


class _Sample:
    """The registers as the importer left them on one day."""

    copied = RegisterRecord._meta.db_table, RegisterWord._meta.db_table

    def __init__(self, now: datetime) -> None:
        """Import them."""
        last = _last_event()
        paths = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]
        for kind, records in files.read_files(paths).items():
            imports.import_rows(kind, records, imports.Source("sample"), now=now)
        self.now, self.events = now, _events_after(last)
        self.runs = list(RegisterRun.objects.order_by("pk"))
        with connection.cursor() as cursor:
            self.tables = {table: _copy_of(cursor, table) for table in self.copied}
            self.written = _as_written(cursor, now)

    def put(self, now: datetime) -> None:
        """Put the same rows there, as if the import had been at that moment.

        The runs keep their keys, which records and events name.
        """
        later = now - self.now
        runs = [copy.copy(one) for one in self.runs]
        for run in runs:
            assert run.finished_at is not None
            run.started_at += later
            run.finished_at += later
        RegisterRun.objects.bulk_create(runs)
        with connection.cursor() as cursor:
            moment = _as_written(cursor, now)
            for table, text in self.tables.items():
                text = text.replace(f"\t{self.written}\t", f"\t{moment}\t")
                cursor.copy_expert(f"COPY {table} FROM STDIN", io.StringIO(text))
        copies = [copy.copy(one) for one in self.events]
        for one in copies:
            one.at = now
        row_writes.insert(copies)


class _Hierarchy:
    """The four CAs as they were when they had been registered: their rows and files."""

    def __init__(self, settings: Any, data: Path) -> None:
        """Register them."""
        before, there = rows.all_rows(), set(data.rglob("*"))
        make_hierarchy(settings, data)
        SigningLease.objects.all().delete()  # it names files that the next test does not have
        # With the keys that they had: events of what is put back after them have later ones.
        self.rows = rows.lacking(rows.all_rows(), before)
        for one in data.rglob(kept_files.IDENTITY):  # a lease that is put back names its own
            one.unlink()
        made = [one for one in data.rglob("*") if one.is_file() and one not in there]
        self.files = {str(one.relative_to(data)): one.read_bytes() for one in made}

    def put(self, settings: Any, data: Path) -> None:
        """Put the same rows and files there."""
        use_memory(settings, data)
        rows.put({}, self.rows)
        kept_files.put(self.files, str(data))


def _last_event() -> int:
    return Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def _events_after(key: int) -> list[Event]:
    return list(Event.objects.filter(pk__gt=key).order_by("pk"))


def _copy_of(cursor: Any, table: str) -> str:
    text = io.StringIO()
    cursor.copy_expert(f"COPY {table} TO STDOUT", text)
    return text.getvalue()


def _as_written(cursor: Any, moment: datetime) -> str:
    cursor.execute("SELECT %s::timestamptz::text", [moment])
    return str(cursor.fetchone()[0])
