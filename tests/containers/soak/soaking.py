"""The soak itself, and what it prints."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.containers import people
from tests.containers.service import Failed, Service
from tests.containers.soak import verdict
from tests.containers.soak.load import PACE, PACE_OF_HOURS, WENT_WRONG, Crowd, Load, Office
from tests.containers.soak.measure import Sample, sample


def run(minutes: float) -> list[str]:
    """Soak an installation of its own, print the figures, and return what is wrong."""
    place = Path(os.environ["PORTAL_DATA"]) / "soak"
    shutil.rmtree(place, ignore_errors=True)  # what a soak that was broken off left
    with _installation(place / "operator") as service:
        load = Load(service, place / "load")
        load.folder.mkdir()
        wrong = tell(load, soak(load, minutes))
    shutil.rmtree(place)
    return wrong


@contextmanager
def _installation(place: Path) -> Iterator[Service]:
    place.mkdir(parents=True)
    service = Service(place)
    service.prepare()
    service.remove()
    try:
        service.up()
        service.found()
        yield service
    finally:
        service.keep_logs()
        shutil.copy(place / "containers.log", Path(os.environ["PORTAL_DATA"]) / "log" / "soak.log")
        service.remove()


def soak(load: Load, minutes: float) -> list[Sample]:
    """Order until the time is over, while others ask; return a look for each minute."""
    samples: list[Sample] = []
    ended = threading.Event()
    with sync_playwright() as playwright:
        office = Office(load, people.browser(playwright, load.service))
        office.open()
        begun = time.monotonic()
        watch = threading.Thread(target=_watch, args=(load, begun, ended, samples), daemon=True)
        crowd = Crowd(load)
        watch.start()
        crowd.start()
        pace, number = PACE if minutes <= 33 else PACE_OF_HOURS, 0
        while (late := time.monotonic() - begun) < minutes * 60:
            number += 1
            office.order(number)
            ended.wait(max(0.0, late + pace - (time.monotonic() - begun)))
        crowd.stopped.set()
        crowd.join()
    ended.set()
    watch.join()
    samples.append(sample(load.service, begun))
    return samples


def _watch(load: Load, begun: float, ended: threading.Event, samples: list[Sample]) -> None:
    while not ended.wait(60):
        try:
            samples.append(sample(load.service, begun))
        except WENT_WRONG as error:
            load.wrong.append(f"{time.strftime('%T')} not measured: {error}")
            continue
        one = samples[-1]
        print(
            f"{time.strftime('%T')} {one.at / 60:5.1f} min: {dict(load.done)},"
            f" {sum(each.share for each in one.processes.values()) / 1024:.0f} MB,"
            f" connections {one.connections}, waiting {one.waiting} ({one.oldest:.1f} s),"
            f" {one.health}, wrong {len(load.wrong)}",
            flush=True,
        )


def tell(load: Load, samples: list[Sample]) -> list[str]:
    """Print the figures; return what is wrong."""
    line, differ = verdict.counts(load.service, load)
    try:
        journal = load.service.manage("reconcile", service="signer").strip().splitlines()[-1]
    except Failed as error:
        differ.append(f"journal and database differ: {error}")
        journal = "differs"
    lines = [*verdict.table(samples), *verdict.courses(samples), line, f"reconcile: {journal}"]
    print("\n".join(lines))
    print(", ".join(f"{what} {count}" for what, count in sorted(load.done.items())))
    return [
        *load.wrong,
        *verdict.grows(samples),
        *verdict.stuck(samples),
        *verdict.error_lines(load.service),
        *differ,
    ]
