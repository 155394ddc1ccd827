"""Terminal output for operators: progress and changes of an import."""

import time
from collections.abc import Callable, Iterator, Sequence

from django.utils.translation import gettext as _

from accounts.register.mirror.imports import Report
from accounts.register.models import Kind

WIDTH = 30
# Seconds between updates of the bar: smooth, but of negligible cost.
_EVERY = 0.1


def bar(label: str, items: Sequence[object], write: Callable[[str], object]) -> Iterator[object]:
    """Yield *items* and draw a progress bar with *write* meanwhile."""
    total, shown = len(items), 0.0
    for done, item in enumerate(items):
        if time.monotonic() - shown > _EVERY:
            shown = time.monotonic()
            write(_drawn(label, done, total))
        yield item
    write(_drawn(label, total, total) + "\n")


def _drawn(label: str, done: int, total: int) -> str:
    share = done / total if total else 1.0
    return f"\r[{'#' * int(WIDTH * share):<{WIDTH}}] {share:4.0%} {label}"


def lines(kind: Kind, report: Report) -> Iterator[str]:
    """The lines for all differences, then a line of counts."""
    for difference in report.differences:
        yield f"{difference.change} {difference.oid}"
        for name in sorted({*difference.before, *difference.after}):
            before, after = difference.before.get(name), difference.after.get(name)
            if before or after:
                yield f"  {name}: {before!r} → {after!r}"
    counts = report.counts
    yield _(
        "%(register)s: %(read)s rows read, %(added)s added, %(changed)s changed,"
        " %(removed)s removed, %(ended)s no longer valid"
    ) % {
        "register": kind,
        "read": counts.read,
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "ended": counts.ended,
    }


def held_message(report: Report) -> str:
    """The message about a run that was held, or in a dry run would be."""
    if report.run is None:
        return _("This import would be held: it would end too many units.")
    return _(
        "Held: it would end too many units. If that is right, run"
        " accept_register_run %(run)s --reason WHY and import again."
    ) % {"run": report.run.pk}
