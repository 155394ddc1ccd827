"""What the builders make, put back: the rows, files and mails of the same call a moment ago.

Two thirds of what tests take is making the people and orders that they begin with, the same ones
from test to test. Here a call of a builder is kept with what it changed. When a test of the next
minutes makes the same call in the same state, the rows are put there again, for a twentieth of the
time: as if the test had begun when they were made. In any other state the builder does its work.

The state is known as long as a test has only called builders. Whatever else it writes ends that,
and a change of the register for good. Where transactions are real, other threads and processes may
write as well: there the rows are compared with those that the last builder left. States that differ
only in what makes no difference to a builder (`_mattering`) are the same to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, wraps
from inspect import isgeneratorfunction, signature
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import UserSettingsHolder, settings
from django.core import mail
from django.db import DatabaseError, connection, models
from django.utils import translation
from pytest_django import Settings

from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.models import Event
from issuance.models import SigningLease
from tests import kept_files, papers, rows

REMEMBERED = {
    people: ("make_person", "make_founder", "make_member", "make_reviewer", "make_auditor"),
    orders: (
        *("draft", "with_csr", "submitted", "in_review", "claimed", "delivered"),
        "waiting_for_contact",
    ),
}
OF_CAS = {"PORTAL_DATA", "ISSUANCE_SIGNER"}
"""The settings that the CAs of a test change, which make no difference to people."""
OF_ORGANISATION = {"business_id", "organisation"}
"""The arguments of builders that make a person who belongs to an organisation."""
MOST_AGE = timedelta(minutes=5)
"""How old what is put back may be: not older than it would be on a slow machine."""
MOMENT = timedelta(seconds=5)
"""So near to it a time that a builder is given is this very moment."""
READING = re.compile(
    r"[\s(]*((SELECT|SAVEPOINT|RELEASE|SET|SHOW|EXPLAIN)\b"
    r"|WITH\b(?!.*\b(INSERT|UPDATE|DELETE|MERGE)\b))",
    re.IGNORECASE | re.DOTALL,
)

PLAIN = (models.Model, datetime, date, str, int, Path, Settings)

type State = tuple[Any, ...]


@dataclass
class Change:
    """What a call changed, and what it returned."""

    at: datetime
    step: Any
    gone: rows.Some
    new: rows.Some
    files: dict[str, bytes]
    mails: list[Any]
    made: Any
    moved: list[int]


@dataclass
class Test:
    """The test that runs, and the state it is in: None once nobody knows."""

    patches: Callable[[], list[Any]]
    folder: str
    is_real: bool = False
    """Whether its transactions are, so that not it alone may write."""
    is_lost: bool = False
    """Whether the register was changed, which is not compared."""
    state: State | None = ()
    oldest: datetime | None = None
    depth: int = 0
    known: dict[State, rows.Rows] = field(default_factory=dict)


_numbers = count()
_signature = cache(signature)
_fixtures: set[Any] = set()
_changes: dict[Any, Change | None] = {}
_test: Test | None = None


@contextmanager
def during(test: Test) -> Iterator[None]:
    """Remember what builders make in this test."""
    global _test
    _test = test
    connection.execute_wrappers.append(_watch)
    try:
        yield
    finally:
        if _watch in connection.execute_wrappers:
            connection.execute_wrappers.remove(_watch)
        _test = None


@contextmanager
def step(*what: Any) -> Iterator[None]:
    """Let the block lead from one known state to another, the same whenever it is the same step."""
    test = _test
    if test is None:
        yield
        return
    before, test.depth = test.state, test.depth + 1
    try:
        yield
    except BaseException:
        before = None
        raise
    finally:
        test.depth -= 1
        test.state = None if before is None else (*before, what)
        if test.is_real and test.state is not None:
            test.known[test.state] = rows.all_rows()


def lose_track() -> None:
    """Let nothing more be put back in this test: something outside decides what becomes of it."""
    if _test is not None:
        _test.state = None


def wrapped(patch: pytest.MonkeyPatch) -> None:
    """Let the builders be remembered."""
    for module, names in REMEMBERED.items():
        for name in names:
            build = getattr(module, name)
            build = papers.blank_in(build) if module is orders else build
            patch.setattr(module, name, remembering(build))
    patch.setattr(people, "log_in", _as_step(people.log_in))


def _as_step(act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def done(client: Any, person: Any) -> Any:
        with step(act.__name__, person.pk):
            return act(client, person)

    return done


def _watch(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    if _test is not None and not _test.depth and not READING.match(str(sql)):
        _test.state = None
        _test.is_lost = _test.is_lost or any(table in str(sql) for table in rows.REGISTER)
    return execute(sql, params, many, context)


def remembering[**P, Made](build: Callable[P, Made]) -> Callable[P, Made]:
    """Let a function be remembered that writes rows, nothing else, and returns some of them."""

    @wraps(build)
    def made(*arguments: Any, **more: Any) -> Any:
        test = _test
        if test is None or not _is_known(test, build):
            return build(*arguments, **more)
        key = _key_of(test, build, arguments, more)
        change = _changes.get(key)
        now = clock.now()
        if change is not None and timedelta() <= now - change.at <= MOST_AGE and _put(change, test):
            test.oldest = min(test.oldest or change.at, change.at)
            given = _models(arguments, more)
            for place in change.moved:
                given[place].refresh_from_db()
            return _again(change.made)
        if key in _changes and change is None:
            return build(*arguments, **more)
        given = _models(arguments, more)
        return _record(test, key, lambda: build(*arguments, **more), given, now)

    return made


def remember_fixture(definition: Any) -> None:
    """Let a fixture be remembered that only writes rows, itself, and returns some of them."""
    plain = definition.scope == "function" and not isgeneratorfunction(definition.func)
    is_ours = str(getattr(definition.func, "__module__", "")).startswith("tests.")
    if plain and is_ours and definition.func not in _fixtures:
        definition.func = _only_if_it_writes(definition.func)
        _fixtures.add(definition.func)


def _only_if_it_writes(build: Callable[..., Any]) -> Callable[..., Any]:
    remembered, writes = remembering(build), False

    @wraps(build)
    def made(*itself: Any, **given: Any) -> Any:
        nonlocal writes
        if writes and not itself and all(map(_is_plain, given.values())):
            return remembered(**given)
        before = _test.state if _test is not None else None
        built = build(*itself, **given)
        if _test is not None and before is not None and _test.state is None:
            writes = writes or _keys(built) is not None
        return built

    return made


def _is_plain(value: Any) -> bool:
    """Whether a fixture's argument is all that `_plain` says of it."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return value is None or isinstance(value, PLAIN)


def _keys(built: Any) -> Any:
    """Return by what the rows are found again; None if it is anything but rows."""
    if isinstance(built, models.Model):
        return type(built), built.pk
    if type(built) in (list, tuple) and built:
        every = [_keys(one) for one in built]
        return None if None in every else (type(built), every)
    return None


def _again(keys: Any) -> Any:
    kind, which = keys
    if issubclass(kind, models.Model):
        return kind._base_manager.get(pk=which)
    return kind(map(_again, which))


def _is_known(test: Test, build: Callable[..., Any]) -> bool:
    """Whether it is known what state the test is in, and what else decides what is built."""
    if test.state is None or test.is_lost:
        return False
    if connection.in_atomic_block == test.is_real or connection.needs_rollback:
        return False
    if connection.force_debug_cursor:  # statements are being counted
        return False
    if len(test.patches()) > 2:  # those of `_no_service_notices`
        return False
    if build.__module__ != people.__name__ and not _keeps_files_here(test):
        return False
    if not test.state and Event.objects.exists():
        return False
    return not test.is_real or _is_as_left(test)


def _is_as_left(test: Test) -> bool:
    """Whether nobody else has written since the test got into its state, which else is lost."""
    assert test.state is not None
    found = rows.all_rows()
    if test.known.setdefault(test.state, found) != found:
        test.state = None
    return test.state is not None


def _keeps_files_here(test: Test) -> bool:
    storages: dict[str, Any] = settings.STORAGES
    location = storages["default"].get("OPTIONS", {}).get("location")
    return bool(test.folder) and location == str(Path(test.folder, kept_files.STORED))


def _key_of(test: Test, build: Any, arguments: Any, more: Any) -> Any:
    bound = _signature(build).bind(*arguments, **more)
    bound.apply_defaults()
    given = tuple((name, _plain(value)) for name, value in bound.arguments.items())
    now = clock.now()
    where: Any = clock.day(now), now.hour  # limits count within an hour or a day of the clock
    is_person = build.__module__ == people.__name__
    where += (_overridden(test, OF_CAS if is_person else ()),)
    where += () if is_person else (translation.get_language(),)
    name = f"{build.__module__}.{build.__qualname__}"
    return _mattering(test.state or (), given, is_person=is_person), name, given, where


def _mattering(state: State, given: Any, *, is_person: bool) -> frozenset[Any]:
    """Return the steps that make a difference to what is built, whichever came first.

    That somebody logged in makes none. To a person only those do that were about the same name or
    organisation, and to a person of an organisation what is no person and no CA.
    """
    about = {one for one in given if one[0] in {"name", *OF_ORGANISATION}}
    belongs = any(one[0] in OF_ORGANISATION for one in given)

    def matters(step: Any) -> bool:
        name, said, *_ = step
        if is_person and name.startswith(people.__name__):
            return not about.isdisjoint(said)
        is_apart = is_person and (name == "cas" or not belongs)
        return not is_apart and name != people.log_in.__name__

    return frozenset(filter(matters, state))


def _plain(value: Any) -> Any:
    """Return what a value is compared by."""
    if isinstance(value, models.Model):
        return value._meta.label, value.pk
    if isinstance(value, dict):
        return tuple((name, _plain(one)) for name, one in value.items())
    if isinstance(value, Path | Settings):
        return ""  # the folder is the test's own, and settings are compared apart
    if isinstance(value, datetime):  # this very moment is as good as a moment ago
        return "now" if abs(value - clock.now()) < MOMENT else value
    return repr(value)


def _overridden(test: Test, but: Collection[str] = ()) -> str:
    """Return the settings that differ in this test, but for these."""
    holder: Any = settings._wrapped  # type: ignore[misc]
    found: dict[str, Any] = {}
    while isinstance(holder, UserSettingsHolder):
        found = {name: value for name, value in vars(holder).items() if name.isupper()} | found
        holder = holder.default_settings
    told = repr(sorted(one for one in found.items() if one[0] not in but))
    return told.replace(test.folder, "") if test.folder else told


def _models(arguments: Any, more: dict[str, Any]) -> list[models.Model]:
    return [one for one in (*arguments, *more.values()) if isinstance(one, models.Model)]


def _values(row: models.Model) -> list[Any]:
    return [vars(row).get(field.attname) for field in row._meta.concrete_fields]


def _record(
    test: Test, key: Any, build: Callable[[], Any], given: list[models.Model], now: datetime
) -> Any:
    """Let it be built, and keep what that changed."""
    begun = test.state
    assert begun is not None
    before = test.known.get(begun) or rows.all_rows()
    files, mails = kept_files.last_changes(test.folder), len(getattr(mail, "outbox", ()))
    settled, values = (_overridden(test), len(test.patches())), list(map(_values, given))
    made = build()  # a builder that it calls first is remembered too
    after, later = rows.all_rows(), kept_files.last_changes(test.folder)
    keys = _keys(made)
    step = key[1], key[2], next(_numbers)  # what it made has keys of its own
    test.state = state = (*begun, step)
    test.known[state] = after
    new = rows.lacking(after, before)
    written = {name for name, changed in later.items() if changed != files.get(name)}
    if new[SigningLease._meta.db_table]:  # it names the journal of this identity, and no other
        written.update(name for name in later if name.endswith(kept_files.IDENTITY))
    is_all = settled == (_overridden(test), len(test.patches())) and files.keys() <= later.keys()
    may_copy = not test.is_lost and all(map(kept_files.may_be_copied, written))
    if keys is None or not is_all or not may_copy:
        _changes[key] = None
        return made
    _forget_old(now)
    _changes[key] = Change(
        at=min(test.oldest or now, now),
        step=step,
        gone=rows.lacking(before, after),
        new=new,
        files={name: Path(test.folder, name).read_bytes() for name in written},
        mails=[copy(one) for one in getattr(mail, "outbox", [])[mails:]],
        made=keys,
        moved=[place for place, row in enumerate(given) if _values(row) != values[place]],
    )
    return made


def _forget_old(now: datetime) -> None:
    for key in [key for key, one in _changes.items() if one and now - one.at > MOST_AGE]:
        del _changes[key]


def _put(change: Change, test: Test) -> bool:
    """Put the change there again; return False if the rows are not those that it begins with."""
    test.depth += 1
    try:
        rows.put(change.gone, change.new)
    except DatabaseError:
        return False
    finally:
        test.depth -= 1
    assert test.state is not None
    state = (*test.state, change.step)
    if test.is_real:
        test.known[state] = rows.changed(test.known[test.state], change.gone, change.new)
    test.state = state
    kept_files.put(change.files, test.folder)
    mail.__dict__.setdefault("outbox", []).extend(map(copy, change.mails))
    return True
