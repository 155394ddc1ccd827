from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.test import override_settings

from accounts.register import tasks
from accounts.register.lookup import queries
from accounts.register.mirror import imports, store, sync
from accounts.register.mirror.imports import Source
from accounts.register.models import Kind, RegisterRecord, RegisterRun
from accounts.register.source.rows import Row
from accounts.register.source.transport import SourceFault
from certportal.foundation import clock
from certportal.foundation.actors import system
from tests.alarms import sounds
from tests.doubles.register import MemoryClient

from .conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

pytestmark = pytest.mark.django_db


def units(count, **fields):
    oids = [f"1.2.246.10.99000018.10.{n}" for n in range(count)]
    return [Row(oid, **{"long_name": f"Yksikkö {oid[-1]}"} | fields) for oid in oids]


@pytest.fixture
def client():
    return MemoryClient(units(3))


def outcomes():
    return list(RegisterRun.objects.order_by("pk").values_list("scope", "outcome"))


def test_the_first_time_the_whole_is_fetched(client):
    report = sync.catch_up(now=NOW, client=client)
    assert report.counts.added == 3
    assert client.asked == [None]
    assert RegisterRun.objects.get().source == "memory"


def test_a_delta_is_due_daily_and_the_whole_weekly(client):
    sync.catch_up(now=NOW, client=client)
    for hours in range(1, 24 * 8):
        sync.catch_up(now=NOW + hours * HOUR, client=client)
    assert [scope for scope, _ in outcomes()].count("full") == 2
    assert 8 <= [scope for scope, _ in outcomes()].count("delta") <= 9


def test_a_delta_asks_from_the_day_before_the_last_success(client):
    sync.catch_up(now=NOW, client=client)
    client.rows = units(1, status="DELETED")
    report = sync.catch_up(now=NOW + DAY, client=client)
    assert client.asked[-1] == date(2026, 11, 24)
    assert (report.counts.changed, report.counts.ended) == (1, 1)
    assert RegisterRecord.objects.filter(known_to=None).count() == 3


def test_an_import_from_a_file_is_no_reason_to_fetch_less(client):
    imports.import_rows(Kind.SOTE_UNIT, units(2), Source("old-export.json"), now=NOW)
    sync.catch_up(now=NOW + HOUR, client=client)
    assert client.asked == [None]


def test_a_few_rows_from_a_file_do_not_make_the_mirror_young(client):
    sync.sync_full(client, now=NOW)
    few = Source("correction.json", RegisterRun.Scope.DELTA)
    imports.import_rows(Kind.SOTE_UNIT, units(1), few, now=NOW + DAY)
    assert queries.register_age(NOW + DAY) == DAY
    sync.sync_delta(client, now=NOW + DAY)
    assert queries.register_age(NOW + DAY) == timedelta(0)


def test_a_source_that_fails_is_on_record_and_changes_nothing(client):
    sync.catch_up(now=NOW, client=client)
    client.fault = SourceFault("status 503 after 4 tries")
    assert sync.catch_up(now=NOW + DAY, client=client) is None
    run = RegisterRun.objects.latest("pk")
    assert (run.outcome, run.reason) == ("failed", "status 503 after 4 tries")
    assert sounds("register-source")
    assert RegisterRecord.objects.filter(known_to=None).count() == 3
    client.fault = None
    assert sync.catch_up(now=NOW + DAY + HOUR, client=client) is not None
    assert not sounds("register-source")


def test_a_source_that_is_still_being_read_is_not_asked_again(client):
    run = imports.begin(Kind.SOTE_UNIT, Source(client.source), now=NOW)
    assert sync.catch_up(now=NOW + HOUR, client=client) is None
    assert client.asked == []
    assert sync.catch_up(now=NOW + 4 * HOUR, client=client) is not None  # it hangs
    store.release_run(run.pk)


def test_a_source_is_asked_again_as_soon_as_who_read_it_is_gone(client):
    killed = imports.begin(Kind.SOTE_UNIT, Source(client.source), now=NOW)
    store.release_run(killed.pk)  # as the server does when the session of a process ends
    assert sync.catch_up(now=NOW + HOUR, client=client) is not None
    killed.refresh_from_db()
    assert killed.reason == "never ended"


def test_a_client_that_breaks_leaves_no_run_running(client):
    client.fault = ValueError("a fault of ours")
    with pytest.raises(ValueError, match="ours"):
        sync.catch_up(now=NOW, client=client)
    assert RegisterRun.objects.get().reason == "ValueError"


def test_an_empty_register_is_a_fault_and_an_empty_delta_is_not(client):
    sync.catch_up(now=NOW, client=client)
    client.rows = []
    assert sync.catch_up(now=NOW + DAY, client=client).counts.read == 0
    with pytest.raises(SourceFault, match="empty"):
        sync.sync_full(client, now=NOW + 2 * DAY)


class Skipping(MemoryClient):
    """Paging skipped a code the first time: another went and one came between two pages."""

    def download(self, **asked):
        whole = super().download(**asked)
        return replace(whole, rows=whole.rows[1:]) if len(self.asked) == 1 else whole


def test_a_code_that_paging_skipped_is_not_taken_as_gone(client):
    sync.sync_full(client, now=NOW)
    report = sync.sync_full(Skipping(units(3)), now=NOW + DAY)
    assert (report.counts.removed, report.run.pages) == (0, 2)


def test_a_code_that_two_downloads_lack_is_gone(client):
    sync.sync_full(client, now=NOW)
    assert sync.sync_full(MemoryClient(units(2)), now=NOW + DAY).counts.removed == 1


def test_a_held_run_rests_until_a_person_accepts_it(client):
    client.rows = units(40)
    sync.catch_up(now=NOW, client=client)
    client.rows, week = units(1), NOW + 8 * DAY
    assert sync.catch_up(now=week, client=client).held
    sync.catch_up(now=week + HOUR, client=client)
    assert outcomes()[-1] == ("delta", "done")
    held = RegisterRun.objects.get(outcome="held")
    imports.accept_held(held.pk, reason="seen", actor=system("test"), now=week + HOUR)
    sync.catch_up(now=week + 2 * HOUR, client=client)
    assert outcomes()[-1] == ("full", "done")
    assert RegisterRecord.objects.filter(known_to=None).count() == 1


def test_another_import_at_work_is_left_alone(client, monkeypatch):
    monkeypatch.setattr(imports.store, "lock", lambda: False)
    assert sync.catch_up(now=NOW, client=client) is None
    assert not RegisterRecord.objects.exists()


def test_beats_task_does_nothing_without_a_source():
    tasks.catch_up()
    assert not RegisterRun.objects.exists()


def test_a_mirror_too_old_is_not_fresh(client):
    fetched = {
        "BACKEND": "tests.doubles.register.MemoryClient",
        "MAX_AGE": timedelta(hours=72),
    }
    with override_settings(REGISTER=fetched):
        assert not queries.is_fresh(NOW)
        sync.sync_full(client, now=NOW)
        assert queries.is_fresh(NOW + 72 * HOUR)
        assert not queries.is_fresh(NOW + 73 * HOUR)
    assert queries.is_fresh(NOW + 365 * DAY)  # fed by hand: no source, no age


def test_what_a_clock_dated_ahead_is_fetched_again_and_is_no_sign_of_freshness(client):
    """Nobody knows how long before the clock was set back it was fetched."""
    fetched = {"BACKEND": "tests.doubles.register.MemoryClient", "MAX_AGE": 72 * HOUR}
    with override_settings(REGISTER=fetched):
        sync.sync_full(client, now=NOW + 30 * DAY)
        assert not queries.is_fresh(NOW)
        assert queries.register_age(NOW) is None
        client.rows = units(3, long_name="Toinen nimi")
        assert sync.catch_up(now=NOW, client=client).counts.changed == 3
        assert client.asked == [None, None]
        assert queries.is_fresh(NOW)
    assert queries.get_record(client.rows[0].oid, on=clock.day(NOW)).long_name == "Toinen nimi"


def test_a_delta_that_was_dated_ahead_is_asked_for_from_the_last_success_before_it(client):
    sync.sync_full(client, now=NOW)
    sync.sync_delta(client, now=NOW + 5 * DAY)
    sync.catch_up(now=NOW + DAY, client=client)
    assert client.asked[1:] == [date(2026, 11, 24)] * 2


def test_a_held_run_that_was_dated_ahead_does_not_rest(client):
    client.rows = units(40)
    sync.catch_up(now=NOW, client=client)
    client.rows = units(1)
    assert sync.catch_up(now=NOW + 30 * DAY, client=client).held
    assert sync.catch_up(now=NOW + 8 * DAY, client=client).held


def test_an_acceptance_that_was_dated_ahead_accepts_nothing(client):
    client.rows = units(40)
    sync.catch_up(now=NOW, client=client)
    client.rows = units(1)
    sync.sync_full(client, now=NOW)
    held = RegisterRun.objects.get(outcome="held")
    imports.accept_held(held.pk, reason="seen", actor=system("test"), now=NOW + 30 * DAY)
    assert sync.sync_full(client, now=NOW + HOUR).held
