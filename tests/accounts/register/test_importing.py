from datetime import date, timedelta
from functools import partial

import pytest

from accounts.register.lookup import queries
from accounts.register.mirror import imports, store
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRecord, RegisterRun, RegisterWord
from accounts.register.source.rows import Row
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from certportal.foundation.models import Event
from tests.applications.at_once import Beside

from .conftest import NOW, TODAY

LATER = NOW + timedelta(days=1)
FULL = Source("test")
DELTA = Source("test", RegisterRun.Scope.DELTA)
RAIMO = Actor("person", "raimo")


def unit(number, name="Yksikkö", **fields):
    return Row(f"1.2.246.10.99000018.10.{number}", name, business_id="9900001-8", **fields)


def bring(*rows, source=FULL, now=NOW, kind=Kind.SOTE_UNIT):
    return imports.import_rows(kind, rows, source, now=now)


def known():
    records = RegisterRecord.objects.filter(known_to=None).order_by("oid")
    return dict(records.values_list("oid", "long_name"))


@pytest.mark.django_db
def test_the_first_import_fills_the_mirror_and_is_on_record():
    report = bring(unit(0, "Apteekki"), unit(1, "Sivuapteekki", attributes={"a": ['"\\\t']}))
    run = RegisterRun.objects.get()
    assert (run.outcome, run.rows_read, run.added) == ("done", 2, 2)
    assert NOW < run.finished_at < NOW + timedelta(minutes=1)
    assert report.counts.added == 2
    assert list(known().values()) == ["Apteekki", "Sivuapteekki"]
    assert RegisterRecord.objects.get(long_name="Sivuapteekki").attributes == {"a": ['"\\\t']}
    assert Event.objects.get().action == "register.done"


@pytest.mark.django_db
def test_an_unchanged_row_is_left_alone():
    bring(unit(0), unit(1))
    before = list(RegisterRecord.objects.values())
    report = bring(unit(1), unit(0), now=LATER)
    assert list(RegisterRecord.objects.values()) == before
    assert (report.counts.added, report.counts.changed, report.counts.removed) == (0, 0, 0)


@pytest.mark.django_db
def test_a_changed_row_closes_the_old_version_and_opens_a_new_one():
    bring(unit(0, "Vanha nimi"))
    report = bring(unit(0, "Uusi nimi"), now=LATER)
    old, new = RegisterRecord.objects.order_by("known_from")
    assert (old.long_name, old.known_from, old.known_to) == ("Vanha nimi", NOW, LATER)
    assert (new.long_name, new.known_from, new.known_to) == ("Uusi nimi", LATER, None)
    assert report.counts.changed == 1
    assert new.run == report.run


@pytest.mark.django_db
def test_a_full_import_closes_what_left_the_register_and_a_delta_does_not():
    bring(unit(0), unit(1))
    bring(unit(0, "Uusi"), source=DELTA, now=LATER)
    assert len(known()) == 2
    report = bring(unit(0, "Uusi"), now=LATER + timedelta(days=1))
    assert list(known()) == [unit(0).oid]
    assert (report.counts.removed, report.counts.ended) == (1, 1)


@pytest.mark.django_db
def test_a_deleted_unit_in_a_delta_ends():
    bring(unit(0), unit(1))
    report = bring(unit(1, status="DELETED"), source=DELTA, now=LATER)
    assert (report.counts.changed, report.counts.ended) == (1, 1)


@pytest.mark.django_db
def test_two_validity_periods_of_one_code_stand_side_by_side():
    early = unit(0, "Ennen", valid_to=date(2026, 12, 31))
    late = unit(0, "Jälkeen", valid_from=date(2027, 1, 1))
    bring(early, late)
    assert RegisterRecord.objects.filter(known_to=None).count() == 2
    assert bring(early, late, now=LATER).counts.changed == 0


@pytest.mark.django_db
def test_a_corrected_first_day_in_a_delta_replaces_the_period_it_overlaps():
    bring(unit(0, valid_from=date(2020, 1, 1)), unit(1))
    report = bring(unit(0, valid_from=date(2021, 1, 1)), source=DELTA, now=LATER)
    current = RegisterRecord.objects.get(oid=unit(0).oid, known_to=None)
    assert current.valid_from == date(2021, 1, 1)
    assert (report.counts.added, report.counts.removed, report.counts.ended) == (1, 1, 0)


@pytest.mark.django_db
def test_the_registers_do_not_touch_each_other():
    bring(unit(0))
    bring(Row("1.2.246.10.99000229", "Välittäjä"), kind=Kind.INTERMEDIARY)
    assert set(known().values()) == {"Yksikkö", "Välittäjä"}


@pytest.mark.django_db
def test_loading_an_empty_mirror_and_staging_write_the_same():
    rows = [unit(n, f"Šemeikan {n}", valid_from=TODAY, attributes={"x": ["y"]}) for n in range(3)]
    bring(*rows, kind=Kind.INTERMEDIARY)
    bring(*rows)
    loaded, staged = (written(kind) for kind in (Kind.INTERMEDIARY, Kind.SOTE_UNIT))
    assert len(loaded) == 3
    assert loaded == staged


def written(kind):
    ignored = {"id", "run_id", "kind"}
    records = RegisterRecord.objects.filter(kind=kind).order_by("oid").values()
    return [{k: v for k, v in record.items() if k not in ignored} for record in records]


@pytest.mark.django_db
def test_the_indexes_are_whole_after_the_first_load():
    expected = {index.name for index in RegisterRecord._meta.indexes} | {"register_record_current"}
    bring(unit(0))
    with store.connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE tablename = %s", [store.RECORDS])
        assert expected <= {name for (name,) in cursor.fetchall()}


@pytest.mark.django_db
@pytest.mark.parametrize("filled", [True, False])
def test_an_import_that_breaks_changes_nothing(filled):
    def broken():
        yield unit(7)
        raise OSError("half a page")

    if filled:
        bring(unit(0))
    with pytest.raises(OSError, match="half a page"):
        bring_iterator(broken())
    assert list(known()) == ([unit(0).oid] if filled else [])
    run = RegisterRun.objects.latest("pk")
    assert (run.outcome, run.reason, run.added) == ("failed", "OSError", 0)


def bring_iterator(rows):
    imports.import_rows(Kind.SOTE_UNIT, rows, FULL, now=LATER)


@pytest.fixture
def forty_units(db):
    bring(*(unit(n) for n in range(40)))


@pytest.mark.django_db
def test_a_run_that_would_end_too_many_units_is_held_and_changes_nothing(forty_units):
    report = bring(unit(0), now=LATER)
    assert report.held
    assert len(known()) == 40
    run = RegisterRun.objects.latest("pk")
    assert (run.outcome, run.ended, run.removed) == ("held", 39, 39)


@pytest.mark.django_db
@pytest.mark.parametrize(("days", "held"), [(0, True), (1, True), (30, True), (400, False)])
def test_to_let_units_end_soon_is_to_end_them(forty_units, days, held):
    last = TODAY + timedelta(days=days)
    report = bring(*(unit(n, valid_to=last) for n in range(40)), source=DELTA)
    assert (report.held, report.counts.ended) == (held, 40 * held)
    if held:
        assert len(RegisterRun.objects.latest("pk").ending) == 40


@pytest.mark.django_db
def test_a_held_run_names_those_that_end_and_none_that_lives_on(forty_units):
    last, first = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    rows = [unit(n, valid_to=last) for n in range(40)]
    assert bring(*rows, unit(0, "Uusi", valid_from=first), source=DELTA).held
    ending = [oid for oid, _name in RegisterRun.objects.latest("pk").ending]
    assert len(ending) == 39
    assert unit(0).oid not in ending


@pytest.mark.django_db
def test_units_whose_next_period_follows_do_not_end(forty_units):
    last, first = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    periods = [
        one
        for n in range(40)
        for one in (unit(n, valid_to=last), unit(n, "Uusi nimi", valid_from=first))
    ]
    report = bring(*periods)
    assert (report.held, report.counts.ended, report.counts.added) == (False, 0, 40)


@pytest.mark.django_db
def test_a_held_run_that_a_person_accepted_passes_the_next_time(forty_units):
    held = bring(unit(0), now=LATER).run
    imports.accept_held(held.pk, reason="seen", actor=RAIMO, now=LATER)
    assert Event.objects.get(action="register.held_accepted").actor == "person:raimo"
    assert not bring(unit(0), now=LATER + timedelta(hours=1)).held
    assert list(known()) == [unit(0).oid]


@pytest.mark.django_db
def test_an_acceptance_neither_lasts_nor_covers_more_than_was_seen(forty_units):
    held = bring(*(unit(n) for n in range(10)), now=LATER).run
    imports.accept_held(held.pk, reason="seen", actor=RAIMO, now=LATER)
    assert bring(unit(0), now=LATER).held
    assert bring(*(unit(n) for n in range(10)), now=LATER + timedelta(days=3)).held


@pytest.mark.django_db
def test_an_acceptance_covers_no_other_units_than_those_seen(forty_units):
    """Thirty that were looked at with the register's keeper are not thirty others."""
    held = bring(*(unit(n) for n in range(10)), now=LATER).run
    imports.accept_held(held.pk, reason="seen", actor=RAIMO, now=LATER)
    assert bring(*(unit(n) for n in range(30, 40)), now=LATER).held
    assert not bring(*(unit(n) for n in range(15)), now=LATER).held


@pytest.mark.django_db
def test_only_a_held_run_can_be_accepted(forty_units):
    with pytest.raises(Refused):
        imports.accept_held(RegisterRun.objects.get().pk, reason="seen", actor=RAIMO, now=LATER)


@pytest.mark.django_db
def test_a_preview_shows_the_differences_and_keeps_nothing():
    bring(unit(0, "Vanha"), unit(1, "Poistuva"))
    report = imports.preview(Kind.SOTE_UNIT, [unit(0, "Uusi"), unit(2, "Lisätty")], FULL, now=LATER)
    assert [(d.oid[-1], d.change) for d in report.differences] == [
        ("0", "changed"),
        ("1", "removed"),
        ("2", "added"),
    ]
    assert report.differences[0].before == {"long_name": "Vanha"}
    assert report.differences[0].after == {"long_name": "Uusi"}
    assert set(known().values()) == {"Vanha", "Poistuva"}
    assert RegisterRun.objects.count() == 1
    assert not RegisterWord.objects.filter(word="lisatty").exists()


@pytest.mark.django_db
def test_a_failed_download_is_on_record():
    run = imports.begin(Kind.SOTE_UNIT, FULL, now=NOW)
    imports.fail(run, "timeout", now=LATER)
    run.refresh_from_db()
    assert (run.outcome, run.reason, run.finished_at) == ("failed", "timeout", LATER)


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_process_was_killed_does_not_stay_running():
    working = imports.begin(Kind.SOTE_UNIT, FULL, now=NOW)
    Beside(partial(imports.begin, Kind.SOTE_UNIT, FULL, now=NOW)).end()
    killed = RegisterRun.objects.latest("pk")
    while killed.pk in queries.runs_at_work():  # until the server has ended its session
        pass
    bring(unit(0), now=NOW + timedelta(minutes=1))
    for run in (killed, working):
        run.refresh_from_db()
    assert (killed.outcome, killed.reason) == ("failed", "never ended")
    assert working.outcome == "running"
    bring(unit(0), now=LATER)  # it has not ended by now: it hangs
    working.refresh_from_db()
    assert (working.outcome, working.reason) == ("failed", "never ended")
    store.release_run(working.pk)


@pytest.mark.django_db
def test_a_run_that_has_ended_is_at_work_no_longer():
    bring(unit(0))
    imports.fail(imports.begin(Kind.SOTE_UNIT, FULL, now=NOW), "timeout", now=LATER)
    assert queries.runs_at_work() == set()


@pytest.mark.django_db
def test_a_short_list_asks_before_it_loses_more_than_a_few():
    bring(*(unit(n) for n in range(6)))
    assert not bring(*(unit(n) for n in range(3)), now=LATER).held
    bring(*(unit(n) for n in range(6)), now=LATER)
    assert bring(unit(0), now=LATER).held
    assert len(known()) == 6


@pytest.mark.django_db
def test_a_second_import_at_the_same_time_is_refused(monkeypatch):
    monkeypatch.setattr(store, "lock", lambda: False)
    with pytest.raises(imports.Busy):
        bring(unit(0))
    assert known() == {}


@pytest.mark.django_db
def test_a_row_can_have_only_one_current_version_per_period():
    bring(unit(0))
    with pytest.raises(Exception, match="register_record_current"):
        bring(unit(1, "Yksi"), unit(1, "Toinen"), now=LATER)
    assert list(known()) == [unit(0).oid]
