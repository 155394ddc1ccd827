"""Working days take only Finland from the package of public holidays."""

import subprocess
import sys

ASK = """
import sys
from datetime import date
from certportal.foundation import working_days
midsummer_eve = working_days.is_working_day(date(2026, 6, 19))
countries = [name for name in sys.modules if name.startswith("holidays.countries.")]
print(midsummer_eve, *countries)
"""


def test_a_process_that_counts_working_days_loads_no_other_country():
    told = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "holidays.countries.finland"]
