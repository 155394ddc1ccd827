"""What a soak says of its figures: growth is told from warming up, work from stuck work."""

import pytest

from tests.containers.soak import verdict
from tests.containers.soak.measure import Process, Sample


def sample(minute, *, own=100.0, files=40, oldest=0.0, set_aside=0, connections=6):
    """A look at an installation that consists of one worker; memory in MB."""
    worker = Process("worker", "celery worker", int(own * 1024), 0, files)
    return Sample(
        at=60.0 * minute,
        processes={7: worker},
        connections=connections,
        waiting=0,
        oldest=oldest,
        set_aside=set_aside,
        queued={},
        redis=0,
        health="well",
    )


@pytest.mark.parametrize(
    ("memory", "said"),
    [
        (lambda minute: 100 + 0.5 * minute, ["worker (celery worker) grows by 30.0 MB/h"]),
        (lambda minute: 100 + min(minute, 8) * 4, []),  # warm after eight minutes
        (lambda minute: 100 + 20 * (minute % 5), []),  # comes and goes
        (lambda minute: 100 + 0.05 * minute, []),  # 3 MB in an hour
        (lambda minute: 130 - minute, []),
    ],
)
def test_a_process_grows_if_it_does_so_all_the_time(memory, said):
    samples = [sample(minute, own=memory(minute)) for minute in range(1, 31)]
    assert verdict.grows(samples) == said


def test_the_course_of_a_steep_process_is_told():
    assert verdict.courses([sample(one, own=100 + one / 2) for one in range(1, 7)]) == [
        "worker 7, 30.0 MB/h, all the time: 100.5 101.0 101.5 102.0 102.5 103.0"
    ]
    assert verdict.courses([sample(one) for one in range(1, 7)]) == []


def test_files_and_connections_that_are_never_closed_are_told():
    leaking = [sample(one, files=40 + one, connections=5 + one) for one in range(1, 31)]
    assert verdict.grows(leaking) == [
        "worker has ever more open files: 51 to 70",
        "PostgreSQL has ever more connections",
    ]


def test_work_that_waits_for_more_than_a_minute_is_stuck():
    assert verdict.stuck([sample(1, oldest=59), sample(2)]) == []
    assert verdict.stuck([sample(1, oldest=61), sample(2, set_aside=2)]) == [
        "after 1 min an item had waited 61 s",
        "2 items are set aside",
    ]


@pytest.mark.parametrize(
    ("line", "is_error"),
    [
        ('{"event": "item_postponed", "level": "error", "logger": "x"}', True),
        ('{"event": "Traceback (most recent call last):\\\\n …", "level": "info"}', True),
        ("[2026-11-26 19:00:00 +0000] [8] [ERROR] Worker (pid:9) was sent SIGKILL!", True),
        ("2026-11-26 19:00:00.000 UTC [31] FATAL:  terminating connection", True),
        ('{"page":"/fi/","status":502,"upstream":"172.16.240.3:8000"}', True),
        ('{"page":"/fi/","status":404,"upstream":"172.16.240.3:8000"}', False),
        ('{"event": "request_finished", "code": 200, "level": "info"}', False),
        ("2026-11-26 19:00:00.000 UTC [27] LOG:  checkpoint complete", False),
    ],
)
def test_lines_that_tell_of_an_error_are_found_in_every_log(line, is_error):
    assert bool(verdict.ERROR.search(line)) == is_error
