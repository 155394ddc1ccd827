"""People and places that several tests of applications need."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from certportal.dev.builders import orders, people
from certportal.foundation import clock
from certportal.foundation.database import database_clock


@pytest.fixture(autouse=True)
def stored(settings, tmp_path: Path):
    """Attachments go to a directory of the test."""
    options = {"location": str(tmp_path / "attachments"), "base_url": None}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    return tmp_path / "attachments"


@pytest.fixture
def pass_days(monkeypatch):
    """Return how to let days pass, for services, pages and workers alike."""

    def passed(days: int) -> None:
        moment = clock.now() + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: moment)

    return passed


@pytest.fixture
def off_by(monkeypatch):
    """Set the machine's clock off by so much, and with it what its processes take for now."""

    def off_by(difference):
        monkeypatch.setattr(clock, "now", lambda: timezone.now() + difference)
        monkeypatch.setattr(database_clock, "machine_time", lambda: timezone.now() + difference)

    return off_by


@pytest.fixture
def order(matti, riitta, cas):
    """Matti's order, whose certificate is delivered."""
    return orders.delivered(matti, riitta)


@pytest.fixture
def valma(sample, now):
    """The administrator of a Kanta intermediary's account."""
    return people.make_founder("Valma Välittäjä", "9900022-9", now=now)
