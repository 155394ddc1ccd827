"""Finnish date and time formats for Swedish; Django's defaults are those of Sweden."""

from certportal.formats.fi.formats import *  # noqa: F403

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = r"j.n.Y \k\l. G.i"
MONTH_DAY_FORMAT = "j F"
