"""Queries of the mirror, for orders, checks and pages.

A query is about validity on a day (``on``, in Finland) by the present content of the mirror;
`as_of` is about its content at an earlier time. A unit is *standing* on a day if its record is
in the register, active and valid on that day.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import islice

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Collate

from accounts.register import conf
from accounts.register.identifiers import business_id as read_business_id
from accounts.register.lookup.folding import fold
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from certportal.foundation import clock
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    Values,
    compiled_for,
)


class Reason(StrEnum):
    """Why a unit is or is not standing; findings store these values."""

    STANDING = "register_standing"
    UNKNOWN = "register_unknown"
    REMOVED = "register_removed"
    NOT_ACTIVE = "register_not_active"
    NOT_YET = "register_not_yet_valid"
    ENDED = "register_ended"


@dataclass(frozen=True)
class Standing:
    """Whether a unit may be ordered for, why not, and the record that says so.

    ``record`` is the current record, or for REMOVED the last known one; None when UNKNOWN.
    """

    ok: bool
    reason: Reason
    record: RegisterRecord | None


@Question
def get_record(oid: str, *, kind: str = Kind.SOTE_UNIT, on: date) -> Asks[RegisterRecord | None]:
    """The current record of *oid*: the one valid *on* that day, else the one that ends last.

    None if there is none.
    """
    return _current_of(oid, kind), lambda found: _best(found, on)


@compiled_for("an OID", "a kind")
def _current_of(oid: str, kind: str) -> Rows:
    return Rows(_current(kind).filter(oid=oid))


def standing(oid: str, kind: str, on: date) -> Standing:
    """Whether the unit or intermediary *oid* is standing *on* that day."""
    if "\0" in oid:  # which the database cannot be asked for
        return Standing(ok=False, reason=Reason.UNKNOWN, record=None)
    record = get_record(oid, kind=kind, on=on)
    return _standing(record, None if record else _last_known([oid], kind).get(oid), on)


def standings(oids: Collection[str], kind: str, on: date) -> dict[str, Standing]:
    """As `standing` for many OIDs of one register, with at most two queries."""
    current = _records(oids, kind, on)
    last = _last_known([oid for oid in oids if oid not in current], kind)
    return {oid: _standing(current.get(oid), last.get(oid), on) for oid in oids}


def read_together(oids: Collection[str], kind: str, on: date) -> None:
    """Read what `get_record` is asked of these OIDs and of their providers, by two queries.

    Only inside `one_reading`, which keeps the answers.
    """
    found = _records(oids, kind, on)
    owners = {record.provider_oid for record in found.values()} - {"", *oids}
    found |= _records(owners, kind, on)
    for oid in {*oids, *owners}:
        get_record.know(found.get(oid), oid, kind=kind, on=on)


def _records(oids: Collection[str], kind: str, on: date) -> dict[str, RegisterRecord]:
    """The current record of each OID that has one, as `get_record` chooses it, with one query."""
    current: dict[str, list[RegisterRecord]] = {}
    for record in _current(kind).filter(oid__in=oids):
        current.setdefault(record.oid, []).append(record)
    return {oid: max(found, key=lambda one: _merit(one, on)) for oid, found in current.items()}


def fallen(oids: Collection[str], kind: str, on: date) -> dict[str, Standing]:
    """The OIDs that are or were in the register but are not standing *on* that day."""
    found = standings([oid for oid in oids if oid], kind, on)
    return {
        oid: standing
        for oid, standing in found.items()
        if not (standing.ok or standing.reason is Reason.UNKNOWN)
    }


def _standing(record: RegisterRecord | None, last: RegisterRecord | None, on: date) -> Standing:
    """The standing by the current record, or without one by the last known."""
    if record is not None:
        reason = _reason(record, on)
        return Standing(reason is Reason.STANDING, reason, record)
    return Standing(False, Reason.REMOVED if last else Reason.UNKNOWN, last)


def _last_known(oids: Collection[str], kind: str) -> dict[str, RegisterRecord]:
    """The last known record of each OID that was in the register and is no longer."""
    if not oids:
        return {}
    earlier = RegisterRecord.objects.filter(kind=kind, oid__in=oids, known_to__isnull=False)
    return {record.oid: record for record in earlier.order_by("oid", "-known_to").distinct("oid")}


def find_units(business_id: str, *, on: date) -> list[RegisterRecord]:
    """The standing units of an organisation: the provider first, then by name in Finnish order."""
    units = [unit for unit in all_units(business_id, on=on) if unit.is_standing(on)]
    return sorted(units, key=lambda unit: not unit.is_provider)


def all_units(business_id: str, *, on: date) -> list[RegisterRecord]:
    """All units of an organisation in the register, also ended ones, by name in Finnish order."""
    normal = read_business_id(business_id)
    if normal is None:
        return []
    found = _current(Kind.SOTE_UNIT).filter(business_id=normal)
    return one_per_oid(found.order_by(Collate("long_name", "fi-x-icu"), "oid"), on)


def find_provider(business_id: str, on: date) -> RegisterRecord | None:
    """The standing record of the organisation itself (unit 0 of its OID arc), or None."""
    return next((unit for unit in find_units(business_id, on=on) if unit.is_provider), None)


def find_intermediary(identifier: str, on: date) -> RegisterRecord | None:
    """The Kanta intermediary with this OID or business ID, preferably a standing one; or None."""
    normal = read_business_id(identifier)
    wanted = Q(oid=identifier) | (Q(business_id=normal) if normal else Q())
    return _best(_current(Kind.INTERMEDIARY).filter(wanted), on)


def search_intermediaries(query: str, *, on: date, limit: int) -> list[RegisterRecord]:
    """At most `limit` Kanta intermediaries by OID, business ID, or the beginnings of words.

    All are read and filtered here, as there are only some dozens of them.
    """
    number, words = query.strip(), fold(query).split()
    code = read_business_id(number)
    every = one_per_oid(_current(Kind.INTERMEDIARY).order_by("search_name", "oid"), on)
    found = (
        record
        for record in every
        if record.oid == number
        or (code is not None and record.business_id == code)
        or (words and all(_begins(record.search_name.split(), word) for word in words))
    )
    return list(islice(found, limit))


def _begins(words: list[str], beginning: str) -> bool:
    return any(word.startswith(beginning) for word in words)


def as_of(
    oid: str, *, kind: str = Kind.SOTE_UNIT, on: date, known_at: datetime
) -> RegisterRecord | None:
    """The record for *oid* on the day *on*, as the mirror held it at *known_at*; or None."""
    known = Q(known_to=None) | Q(known_to__gt=known_at)
    versions = RegisterRecord.objects.filter(known, kind=kind, oid=oid, known_from__lte=known_at)
    return _best(versions, on)


def with_provider(record: RegisterRecord, *, known_at: datetime) -> list[RegisterRecord]:
    """*record* and, unless it is the provider itself, its provider's as of *known_at*."""
    if record.provider_oid in {"", record.oid}:
        return [record]
    on = clock.day(known_at)
    provider = as_of(record.provider_oid, kind=record.kind, on=on, known_at=known_at)
    return [record, provider] if provider else [record]


def history(oid: str, *, kind: str = Kind.SOTE_UNIT) -> QuerySet[RegisterRecord]:
    """All versions of *oid* that the mirror has held, latest ``known_from`` first."""
    versions = RegisterRecord.objects.filter(kind=kind, oid=oid)
    return versions.order_by("-known_from", "-valid_from")


def register_age(now: datetime, *, kind: str = Kind.SOTE_UNIT) -> timedelta | None:
    """Time since the start of the last successful import, None if there was none.

    One that a clock dated ahead does not count (`clock.recently`).

    A delta counts only if its source also had a successful full import: a few rows from a file do
    not show that the other rows are up to date.
    """
    last = last_import(kind, now)
    return None if last is None else now - last


@Question
def last_import(kind: str, now: datetime) -> Asks[datetime | None]:
    """The start of the import by which `register_age` counts, or None."""
    until = now + clock.MAY_DIFFER
    return _last_import(kind, until), lambda found: next((moment for (moment,) in found), None)


@compiled_for("a kind", datetime.max.replace(tzinfo=UTC))
def _last_import(kind: str, until: datetime) -> Values:
    done = RegisterRun.objects.filter(kind=kind, outcome=RegisterRun.Outcome.DONE)
    wholes, past = done.filter(scope=RegisterRun.Scope.FULL), done.filter(started_at__lte=until)
    counted = past.filter(source__in=wholes.values("source")).order_by("-started_at")
    return Values(counted.values_list("started_at")[:1])


def is_fresh(now: datetime, *, kind: str = Kind.SOTE_UNIT) -> bool:
    """Whether the mirror of a register is recent enough for a decision.

    A mirror that is imported by hand (the intermediaries; also the units without
    ``REGISTER["BACKEND"]``) has no maximum age, but must have been imported.
    """
    age = register_age(now, kind=kind)
    fetched = kind == Kind.SOTE_UNIT and conf.value("BACKEND")
    return age is not None and (not fetched or age <= conf.value("MAX_AGE"))


RUN_LOCK = 0x5245_4752
"""The first number of the lock that the session of an import holds, "REGR"; the second is its run's
key. The database releases it when the session ends, so also when the process was killed."""


def runs_at_work() -> set[int]:
    """Return the keys of the runs whose process is at work; others that are running broke off."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted"
            " AND datname = current_database()",
            [RUN_LOCK],
        )
        return {key for (key,) in cursor.fetchall()}


def waiting_runs() -> QuerySet[RegisterRun]:
    """Return held runs that wait for acceptance: the latest of a register and scope, if held."""
    pointless = (RegisterRun.Outcome.RUNNING, RegisterRun.Outcome.FAILED)
    later = RegisterRun.objects.exclude(outcome__in=pointless).filter(
        Q(started_at__gt=OuterRef("started_at"))
        | Q(started_at=OuterRef("started_at"), pk__gt=OuterRef("pk")),
        kind=OuterRef("kind"),
        scope=OuterRef("scope"),
    )
    held = RegisterRun.objects.filter(outcome=RegisterRun.Outcome.HELD, accepted_at=None)
    return held.filter(~Exists(later)).order_by("kind", "scope")


def one_per_oid(records: Iterable[RegisterRecord], on: date) -> list[RegisterRecord]:
    """*records* in their order, with only the most relevant validity period of each OID."""
    best: dict[str, RegisterRecord] = {}
    for record in records:
        earlier = best.get(record.oid)
        if earlier is None or _merit(record, on) > _merit(earlier, on):
            best[record.oid] = record
    return list(best.values())


def _current(kind: str) -> QuerySet[RegisterRecord]:
    return RegisterRecord.objects.filter(kind=kind, known_to=None)


def _best(records: Iterable[RegisterRecord], on: date) -> RegisterRecord | None:
    return max(records, key=lambda record: _merit(record, on), default=None)


def _merit(record: RegisterRecord, on: date) -> tuple[bool, bool, date]:
    valid = record.is_valid(on)
    return valid and record.status == record.ACTIVE, valid, record.valid_to or date.max


def _reason(record: RegisterRecord, on: date) -> Reason:
    if record.status != record.ACTIVE:
        return Reason.NOT_ACTIVE
    if record.is_valid(on):
        return Reason.STANDING
    begins = record.valid_from
    return Reason.NOT_YET if begins is not None and on < begins else Reason.ENDED
