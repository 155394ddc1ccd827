"""The portal served to a browser."""

import copy
from typing import Any

import pytest
from pytest_django import Settings


@pytest.fixture
def server(live_server: Any, settings: Settings) -> str:
    """The portal itself, its static files without hashed names."""
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = storages
    return str(live_server.url)
