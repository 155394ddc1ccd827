"""Finnish working days: Monday to Friday without public holidays and some eves.

The eves are those of Midsummer and Christmas (act 150/1930, 5 §, and the list in the `holidays`
package).
"""

import sys
from datetime import date, timedelta
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec

import holidays

# The package of countries would import all 250, 9 MiB and 0.2 s in each process. Without its
# __init__, `holidays` imports only the country that it is asked for.
_COUNTRIES = ModuleSpec("holidays.countries", None, is_package=True)
_COUNTRIES.submodule_search_locations = [f"{folder}/countries" for folder in holidays.__path__]
sys.modules.setdefault(_COUNTRIES.name, module_from_spec(_COUNTRIES))


@lru_cache(maxsize=32)
def _closed(year: int) -> frozenset[date]:
    """Return the year's days from Monday to Friday that are no working days."""
    return frozenset(
        day for day in holidays.country_holidays("FI", years=year) if day.weekday() < 5
    )


def is_working_day(on: date) -> bool:
    return on.weekday() < 5 and on not in _closed(on.year)


def working_day(on: date) -> date:
    """Return the day, or the next working day if it is none: there a term ends."""
    return on if is_working_day(on) else after(on, 1)


def after(on: date, days: int) -> date:
    """Return the `days`-th working day after the day `on`."""
    while days > 0:
        on += timedelta(days=1)
        days -= is_working_day(on)
    return on


def between(first: date, last: date) -> int:
    """Return the number of working days after `first`, up to and including `last`, a later day.

    It takes as long for years as for days, since a list of late cases asks for each row.
    """
    closed = sum(len(_closed(year)) for year in range(first.year, last.year))
    return _passed(last) - _passed(first) - closed


def _passed(day: date) -> int:
    """Return the number of weekdays from 1.1.0001, a Monday, less those closed in the day's year.

    Both counts include the day.
    """
    weeks, days = divmod(day.toordinal(), 7)
    return 5 * weeks + min(days, 5) - sum(closed <= day for closed in _closed(day.year))
