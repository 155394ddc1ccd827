"""What the figures come to: a table, and what is wrong with them."""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from itertools import pairwise

from tests.containers.service import ALWAYS, Service
from tests.containers.soak.load import MAILBOX, Load
from tests.containers.soak.measure import Sample, query
from tests.journeys import steps

GROWTH = 6.0
"""MB in an hour that a process may come to keep, if it does so all the time."""
FILES = 5
OLDEST = 60.0
COUNTS = """
SELECT (SELECT count(*) FROM applications_application WHERE status = 'delivered'),
       (SELECT count(*) FROM issuance_certificate),
       (SELECT count(*) FROM issuance_certificate WHERE revoked_at IS NOT NULL)
"""
ERROR = re.compile(
    r'"level": "(error|critical)"|Traceback|\[(ERROR|CRITICAL)\]|\b(ERROR|FATAL|PANIC):'
    r'|"status":"?5\d\d|\[(error|crit|alert|emerg)\]'
)


def settled(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the last two thirds: before, what is used for the first time comes to memory."""
    return samples[len(samples) // 3 :]


def slope(at: Sequence[float], values: Sequence[float]) -> float:
    """Return the growth in an hour, by least squares."""
    middle, mean = sum(at) / len(at), sum(values) / len(values)
    over = sum((x - middle) ** 2 for x in at)
    return 3600 * sum((x - middle) * (y - mean) for x, y in zip(at, values, strict=True)) / over


def is_steady(values: Sequence[float]) -> bool:
    """Whether each third of the time lies above all of the third before."""
    third = len(values) // 3
    parts = [values[:third], values[third : 2 * third], values[2 * third :]]
    return third > 0 and all(min(later) > max(earlier) for earlier, later in pairwise(parts))


def growth(samples: Sequence[Sample]) -> dict[int, tuple[float, bool]]:
    """Return by process MB in an hour, and whether it grew all the time."""
    late = settled(samples)
    at = [one.at for one in late]
    found = {}
    for pid in set.intersection(*(set(one.processes) for one in late)):
        own = [one.processes[pid].own / 1024 for one in late]
        found[pid] = slope(at, own), is_steady(own)
    return found


def table(samples: Sequence[Sample]) -> list[str]:
    """Return a line for each container: memory and files at the start, settled, at the end."""
    first, middle, last = samples[0], settled(samples)[0], samples[-1]
    grown = growth(samples)
    lines = [f"{'container':10} {'memory MB':>20} {'open files':>14} {'most growth MB/h':>18}"]
    for name in ALWAYS:
        looks = [one.of(name) for one in (first, middle, last)]
        memory = " ".join(f"{kb / 1024:6.1f}" for kb, _files in looks)
        files = " ".join(f"{files:4d}" for _kb, files in looks)
        most = max((grown[p][0] for p in grown if last.processes[p].service == name), default=0.0)
        lines.append(f"{name:10} {memory:>20} {files:>14} {most:>18.2f}")
    lines += [
        f"connections of PostgreSQL: {_span([one.connections for one in samples])}",
        f"outbox items open: {_span([one.waiting for one in samples])};"
        f" the oldest was due {max(one.oldest for one in samples):.1f} s ago",
        f"messages in Redis: {_span([sum(one.queued.values()) for one in samples])};"
        f" its memory {first.redis} to {last.redis} kB",
        f"/healthz: {sum(one.health == 'well' for one in samples)} of {len(samples)} times well",
    ]
    return lines


def courses(samples: Sequence[Sample]) -> list[str]:
    """Return how the memory of each process went whose slope is steep, in MB by sample."""
    found = []
    for pid, (each, steadily) in growth(samples).items():
        if each > GROWTH:
            known = (one.processes[pid].own / 1024 for one in samples if pid in one.processes)
            how = "all the time" if steadily else "not all the time"
            course = " ".join(f"{own:.1f}" for own in known)
            name = samples[-1].processes[pid].service
            found.append(f"{name} {pid}, {each:.1f} MB/h, {how}: {course}")
    return found


def _span(values: Sequence[int]) -> str:
    return f"{min(values)} to {max(values)}, at the end {values[-1]}"


def grows(samples: Sequence[Sample]) -> list[str]:
    """Return a sentence for each process that grows all the time."""
    last = samples[-1].processes
    said = [
        f"{last[pid].service} ({last[pid].command[:60]}) grows by {each:.1f} MB/h"
        for pid, (each, steadily) in growth(samples).items()
        if steadily and each > GROWTH
    ]
    late = settled(samples)
    for name in ALWAYS:
        files = [one.of(name)[1] for one in late]
        if is_steady(files) and files[-1] - files[0] > FILES:
            said.append(f"{name} has ever more open files: {files[0]} to {files[-1]}")
    if is_steady([one.connections for one in late]):
        said.append("PostgreSQL has ever more connections")
    return said


def stuck(samples: Sequence[Sample]) -> list[str]:
    """Return a sentence for each look at which work had waited too long."""
    said = [
        f"after {one.at / 60:.0f} min an item had waited {one.oldest:.0f} s"
        for one in samples
        if one.oldest > OLDEST
    ]
    if samples[-1].set_aside:
        said.append(f"{samples[-1].set_aside} items are set aside")
    return said


def error_lines(service: Service) -> list[str]:
    """Return the lines of every log that tell of an error of ours."""
    return [
        f"{name}: {line[:400]}"
        for name in (*ALWAYS, "migrate")
        for line in service.log(name)
        if ERROR.search(line)
    ]


def is_package(mail: EmailMessage) -> bool:
    """Whether the mail carries a certificate."""
    return any((one.get_filename() or "").endswith(".der") for one in mail.iter_attachments())


def counts(service: Service, load: Load) -> tuple[str, list[str]]:
    """Return the counts in a line, and what does not agree."""
    delivered, certificates, revoked = map(int, query(service, COUNTS))
    mails = sum(is_package(mail) for mail in steps.mails_to(MAILBOX, service.mails))
    line = f"orders {delivered}, certificates {certificates}, mails {mails}, revoked {revoked}"
    expected = load.done["orders"], load.done["orders"], load.done["orders"]
    agree = (delivered, certificates, mails) == expected
    agree = agree and revoked == load.done["revocations"]
    done = f"orders {load.done['orders']}, revocations {load.done['revocations']}"
    return line, [] if agree else [f"the counts differ: {line}; done were {done}"]
