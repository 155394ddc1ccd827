"""A directory of anchors that hangs does not hold the worker that signs revocation lists."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.event_log.notes import Verifier
from certportal.operations import health
from issuance import tasks
from issuance.services.event_log import anchors, build
from tests.hanging_disk import hanging
from tests.issuance.event_log.conftest import Record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def place(settings: Settings, tmp_path: Path, keyed: Verifier, record: Record) -> Path:
    """A directory of anchors, and a log of one event."""
    record(1)
    build.extend()
    settings.EVENT_LOG_ANCHORS = str(tmp_path)
    return tmp_path


@pytest.fixture
def hung(place: Path) -> Iterator[Path]:
    """The directory, while whoever reads its first anchor waits."""
    with hanging(place / "2026-01-01-1.checkpoint"):
        yield place


def test_the_nightly_verification_ends_and_health_tells_of_it(hung: Path) -> None:
    with pytest.raises(TimeoutError, match=f"{hung} does not answer"):
        tasks.verify_audit()
    assert "verify-audit" in health.found().to_do


def test_a_time_stamp_is_kept_later(hung: Path) -> None:
    with pytest.raises(TimeoutError):
        anchors.put_beside("", 1, ".tsr", b"")


def test_the_head_is_anchored_later(
    place: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = place / "2026-01-01-1.checkpoint"
    with hanging(file), monkeypatch.context() as patch:
        patch.setattr(anchors, "replace", lambda *_: file.read_bytes())
        with pytest.raises(LogUnavailable, match="does not answer"):
            anchors.anchor(now=now)
    file.unlink()
    assert anchors.anchor(now=now)
