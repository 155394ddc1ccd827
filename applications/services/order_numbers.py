"""Order numbers: each is given only once, even after a restore from an older backup.

The database sequence alone would give numbers again after such a restore. Therefore the highest
number given is also kept in a file, and the CA's journal holds the number of every order for which
a certificate was signed.
"""

import re
from datetime import datetime
from pathlib import Path

from django.conf import settings

from certportal.foundation import clock
from certportal.foundation.database.statements import execute
from certportal.foundation.errors import Unavailable
from certportal.foundation.own_files import locked_folder, replace
from issuance import journal

_SEQUENCE = "applications_order_number"
# How many numbers are skipped after a restore. They may have been given since the backup, on a
# machine that is lost, without being in the database, the file or the journal.
GAP = 1000
_NUMBER = re.compile(r"SV-\d{4}-(\d+)")


def highest_path() -> Path:
    return Path(settings.PORTAL_DATA) / "numbers" / "orders"


def next_number(now: datetime) -> str:
    """Return the number of a new order, after writing it to disk.

    It is not given again even if the transaction of the order is rolled back. Raises Unavailable
    if it cannot be written.
    """
    return next_numbers(1, now)[0]


def next_numbers(count: int, now: datetime) -> list[str]:
    """Return `count` new order numbers, after writing the highest to disk. Raises Unavailable."""
    try:
        with locked_folder(highest_path().parent):  # one process at a time gives numbers
            numbers = _above(_highest(), count)
            replace(highest_path(), f"{numbers[-1]}\n".encode())
    except OSError as error:
        raise Unavailable("order numbers") from error
    return [f"SV-{clock.day(now).year}-{number:05d}" for number in numbers]


def lift() -> int:
    """After a restore: raise the sequence by `GAP` above every known number.

    Returns the next number to be given.
    """
    matches = (_NUMBER.fullmatch(label) for label in journal.labels())
    in_journal = max((int(match[1]) for match in matches if match), default=0)
    ((last,),) = execute(f"SELECT last_value FROM {_SEQUENCE}")  # noqa: S608
    highest = max(last, in_journal, _highest()) + GAP
    _lift(highest)
    return int(highest) + 1


def _above(highest: int, count: int) -> list[int]:
    """Return the next numbers of the sequence that are above `highest`, in order."""
    numbers = _next(count)
    if numbers[0] <= highest:
        _lift(highest)
        numbers = _next(count)
    return numbers


def _next(count: int) -> list[int]:
    statement = f"SELECT nextval('{_SEQUENCE}') FROM generate_series(1, %s)"  # noqa: S608
    return sorted(number for (number,) in execute(statement, [count]))


def _lift(highest: int) -> None:
    execute(
        f"SELECT setval('{_SEQUENCE}', %s) FROM {_SEQUENCE} WHERE last_value < %s",  # noqa: S608
        [highest, highest],
    )


def _highest() -> int:
    try:
        return int(highest_path().read_text())
    except FileNotFoundError:
        return 0
