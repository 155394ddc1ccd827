"""The day of these tests, and a mirror filled from the sample through the real importer."""

from datetime import UTC, date, datetime

import pytest

from accounts.register.mirror import imports
from accounts.register.mirror.imports import Source
from accounts.register.source import files

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 25)

PHARMACY = "9900001-8"
CLINICS = "9900008-5"
COUNTY = "9900009-3"
ENDED = "9900021-0"


@pytest.fixture
def sample(db):
    """Both sample registers, imported."""
    paths = [*files.SAMPLE_UNITS, *files.SAMPLE_INTERMEDIARIES]
    for kind, rows in files.read_files(paths).items():
        imports.import_rows(kind, rows, Source("sample"), now=NOW)
