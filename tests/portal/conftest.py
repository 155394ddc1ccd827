"""The portal served to a browser, and its other processes."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.stack import Stack


@pytest.fixture
def server(live_server: Any, settings: Settings) -> str:
    """The portal itself, its static files without hashed names."""
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = storages
    return str(live_server.url)


@pytest.fixture
def stack(transactional_db: None, tmp_path: Path) -> Iterator[Stack]:
    """Processes of the service, of which the broker runs; the test starts what else it needs."""
    running = Stack(tmp_path)
    running.start("broker")
    yield running
    running.stop()
