"""Two machines, and the second place of the journal."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from issuance import services
from issuance.models import (
    IssuingCA,
    PreparedCertificate,
)
from tests.issuance.conftest import approve_by
from tests.issuance.hosts import on
from tests.issuance.one_signer.steps import OnHost
from tests.issuance.orders import server_order


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


@pytest.fixture
def make(pharmacy: Organisation, riitta: Person, now: datetime) -> Callable[[], Any]:
    """Prepare and approve one more certificate."""

    def make() -> PreparedCertificate:
        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        return prepared

    return make
