"""clamd for the tests of this directory, started once."""

import pytest

from tests.applications.scanning import daemon


@pytest.fixture(scope="session")
def clamd(tmp_path_factory):
    """The address of a clamd that knows the test file alone."""
    with daemon.running(tmp_path_factory.mktemp("clamd")) as address:
        yield address
