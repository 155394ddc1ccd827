from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import Organisation, Person
from certportal.foundation import clock
from issuance import services
from issuance.models import Certificate, IssuingCA
from issuance.publication import ask_worker
from tests.issuance.conftest import approve_by
from tests.issuance.orders import server_order
from tests.issuance.status.machines import Machines
from tests.shared_store import StoreServer

type Issue = Callable[[], Certificate]


@pytest.fixture
def ca(cas: dict[str, IssuingCA]) -> IssuingCA:
    """The production CA of the EC branch."""
    return cas["sote-ec-1"]


@pytest.fixture
def issue(ca: IssuingCA, pharmacy: Organisation, riitta: Person, now: datetime) -> Issue:
    """Issues one more certificate of that CA."""

    def issue_one() -> Certificate:
        prepared = services.prepare(server_order(pharmacy), now=now)
        approve_by(riitta, prepared, now)
        issued = services.issue(prepared.reference, now=now)
        assert issued is not None
        return issued

    return issue_one


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """The clock of the web process; call it to move the hands."""

    def move(to: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: to)

    move(now)
    return move


@pytest.fixture
def nobody_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    """No `ca` worker answers: what is seen was signed ahead."""
    monkeypatch.setattr(ask_worker, "ask", lambda stem, request: None)


@pytest.fixture
def machines(
    cas: dict[str, IssuingCA], shared_store: StoreServer, settings: Settings, tmp_path: Path
) -> Machines:
    return Machines(settings, tmp_path / "second")
