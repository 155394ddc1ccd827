"""Two machines, and the second place of the journal."""

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest
from pytest_django import Settings

from issuance.models import (
    IssuingCA,
)
from tests.issuance.hosts import on
from tests.issuance.one_signer.steps import OnHost


@pytest.fixture
def host(cas: dict[str, IssuingCA], settings: Settings, tmp_path: Path) -> OnHost:
    return partial(_on, settings, tmp_path)


def _on(settings: Settings, data: Path, name: str) -> AbstractContextManager[None]:
    return on(settings, name, data)


@pytest.fixture
def second_place(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "second"
    folder.mkdir()
    settings.JOURNAL_COPY = str(folder)
    return folder
