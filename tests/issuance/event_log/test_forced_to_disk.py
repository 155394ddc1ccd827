"""What the log of events forces to disk, and before what."""

import os
from pathlib import Path

import pytest

from certportal.foundation.event_log.files import folder
from certportal.foundation.event_log.notes import Verifier
from issuance.services.event_log import build
from tests.issuance.event_log.conftest import Record, restart

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files and folders that are forced to disk, in turn."""
    found = list[Path]()

    def force(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", force)
    return found


def test_a_head_left_unforced_is_forced_to_disk_before_the_log_is_relied_on(
    keyed: Verifier, record: Record, forced: list[Path]
) -> None:
    """A process killed between moving it into place and forcing that to disk leaves it so."""
    record(1)
    build.extend()
    forced.clear()
    restart()
    assert build.extend() == 0
    assert folder() in forced


def test_folders_left_unforced_are_forced_to_disk_before_the_head(
    keyed: Verifier, record: Record, forced: list[Path]
) -> None:
    """A process killed between making one and forcing its name to disk leaves it so."""
    places = [folder() / f"tile/{level}/000.p" for level in ("0", "entries")]
    for place in places:
        place.mkdir(parents=True, mode=0o700)
    record(1)
    build.extend()
    head = next(at for at, each in enumerate(forced) if each.name.startswith(".checkpoint"))
    for place in places:
        assert {place, place.parent, place.parent.parent, folder()} <= {*forced[:head]}


def test_only_files_and_folders_with_new_names_are_forced_to_disk(
    keyed: Verifier, record: Record, forced: list[Path]
) -> None:
    record(1)
    build.extend()
    forced.clear()
    record(2)
    build.extend()
    places = [folder() / f"tile/{level}/000.p" for level in ("0", "entries")]
    assert {each for each in forced if each.is_dir()} == {*places, folder()}
    assert len(forced) == 6
