"""A browser on the gallery: the design base's pages, served by Django itself."""

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

TEMPLATES = Path(__file__).parent / "templates"
WHOLE: dict[str, Any] = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox"]}
"""Debian's Chromium as people have it, for root too."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Chromium without its windows and its viewer of documents, which takes a quarter less time.

    One process draws all pages of a context: to start one for each page takes a sixth of the time.
    The frame of a page also serves the next page: a new one for each takes another sixth.
    The containers are used, and the pages' policy tried, in the whole of it.
    """
    # The option replaces Playwright's own, of which the second feature is.
    features = "RenderDocument:level/crashed-frame,CDPScreenshotNewSurface"
    args = [*WHOLE["args"], "--renderer-process-limit=1", f"--enable-features={features}"]
    return {"executable_path": "/usr/bin/chromium-headless-shell", "args": args}


@pytest.fixture(scope="session", autouse=True)
def _browser_beside_database() -> None:
    # Playwright runs an event loop in this thread; the tests use the database from it all the same.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture
def gallery_settings(settings: Any) -> Any:
    """The gallery's addresses and templates, static files without hashed names."""
    settings.ROOT_URLCONF = "tests.gallery.urls"
    templates = copy.deepcopy(settings.TEMPLATES)
    templates[0]["DIRS"].append(TEMPLATES)
    settings.TEMPLATES = templates
    storages = copy.deepcopy(settings.STORAGES)
    storages["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = storages
    return settings


@pytest.fixture
def gallery(gallery_settings: Any, live_server: Any) -> str:
    """The root of the running gallery."""
    return str(live_server.url)


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page whose console stays free of errors, those of the content security policy included."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else 0)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert said == []
