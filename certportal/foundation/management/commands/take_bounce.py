import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from certportal.foundation import clock
from certportal.foundation.mail import bounces
from certportal.foundation.management.operators import OperatorCommand
from certportal.foundation.outbox.set_aside import NotDone

# sysexits.h: the mail server keeps the report and tries again.
EX_TEMPFAIL = 75
CHUNK = 64 * 1024
MOST_SECONDS = 10.0
COUNTED_DAYS = 30


class Command(OperatorCommand):
    help = "Take in one report of a mail server about a mail that did not arrive, from the input."
    requires_system_checks = []
    stealth_options = ("stdin",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--counts",
            action="store_true",
            help=f"read nothing; print what became of the reports of the last {COUNTED_DAYS} days",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one word for the outcome; exit status 75 if the report must be given again."""
        try:
            if options["counts"]:
                since = clock.now() - timedelta(days=COUNTED_DAYS)
                for outcome, number in bounces.counts(since=since).items():
                    self.stdout.write(f"{outcome}: {number}")
            else:
                self.stdout.write(self._take(options.get("stdin") or sys.stdin.buffer))
        except NotDone as error:
            raise CommandError(
                _("The mail is still being sent: submit the report again later."),
                returncode=EX_TEMPFAIL,
            ) from error
        except DatabaseError as error:
            raise CommandError(
                _("The database does not answer: submit the report again later."),
                returncode=EX_TEMPFAIL,
            ) from error

    def _take(self, stdin: BinaryIO) -> bounces.Outcome:
        content = stdin.read(bounces.MOST_BYTES)
        while stdin.read(CHUNK):
            pass
        now = clock.now()
        try:
            with _at_most(MOST_SECONDS):
                bounce = bounces.read(content)
        except bounces.Unreadable:
            outcome = bounces.Outcome.UNREADABLE
        else:
            outcome = bounces.take(bounce, now=now)
        bounces.count(outcome, now=now)
        return outcome


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in the block if it takes longer."""

    def over(*args: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
