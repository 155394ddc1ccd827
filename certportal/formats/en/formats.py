"""Finnish date and time formats for English; Django's defaults are those of another country."""

from certportal.formats.fi.formats import *  # noqa: F403

DATETIME_FORMAT = SHORT_DATETIME_FORMAT = r"j.n.Y \a\t G.i"
MONTH_DAY_FORMAT = "j F"
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
