"""Killed while the log is copied or taken over: the next process goes on, and nothing is named."""

import signal
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from certportal.foundation.errors import Unavailable
from certportal.foundation.event_log.notes import Verifier
from issuance import journal, services
from issuance.models import SigningLease
from issuance.services.recovery.take_over import Source
from tests.issuance.children import in_child
from tests.issuance.conftest import Make
from tests.issuance.event_log.conftest import OnHost, Record, restart
from tests.issuance.event_log.second_place import ensure_same, issue, named
from tests.issuance.hosts import take_it

pytestmark = pytest.mark.django_db(transaction=True)
CA = "sote-ec-1"
POINTS = (
    "log_after_head",
    "log_copy_before_files",
    "log_copy_between_files",
    "log_copy_before_head",
    "log_copy_after_head",
)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("goes_on", ["tuike1", "tuike2"])
def test_killed_between_the_log_and_its_copy(
    host: OnHost,
    make: Make,
    record: Record,
    keyed: Verifier,
    now: datetime,
    points: Path,
    point: str,
    goes_on: str,
) -> None:
    with host("tuike1"):
        for number in range(250):
            record(number)
        issue(make(), now)
        for number in range(20):
            record(number)
        waiting = make()
        (points / point).touch()
        work = partial(services.issue, waiting.reference, now=now)
        assert in_child(work) == signal.SIGKILL
        assert len(list(journal.entries(CA))) == 1
    with host(goes_on):
        restart()
        if goes_on == "tuike2":
            take_it(Source.COPY, now=now)
        issue(waiting, now)
        assert named() == []
        ensure_same()


@pytest.mark.parametrize(
    "point", ["log_copy_between_files", "log_copy_before_head", "take_over_after_log"]
)
def test_killed_while_the_log_is_taken_over(
    host: OnHost, make: Make, keyed: Verifier, now: datetime, points: Path, point: str
) -> None:
    with host("tuike1"):
        issue(make(), now)
    with host("tuike2"):
        (points / point).touch()
        work = partial(take_it, Source.COPY, now=now)
        assert in_child(work) == signal.SIGKILL
        assert SigningLease.objects.get().journal == "", "nobody signs"
        with pytest.raises(Unavailable):
            services.issue(make().reference, now=now)
        assert in_child(work) == 0
        issue(make(), now)
        assert named() == []
        ensure_same()
