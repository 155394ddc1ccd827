"""A worker that starts with other settings than the one before it leaves an event."""

from datetime import datetime
from pathlib import Path

import pytest
from pytest_django import Settings

from certportal.foundation.models import Event
from certportal.operations.settings_in_use import record_changes
from tests.journeys.steps import await_true
from tests.stack import Stack

pytestmark = pytest.mark.django_db


def recorded() -> list[Event]:
    return list(Event.objects.filter(action="settings.changed").order_by("pk"))


def test_the_first_start_records_what_is_in_use(settings: Settings, now: datetime) -> None:
    settings.PORTAL_PROCESS, settings.ISSUANCE_APPROVALS = "ca", {"production": 2, "test": 1}
    record_changes(now=now)
    (event,) = recorded()
    assert event.object_id == "ca"
    assert event.data["ISSUANCE_APPROVALS"] == {"production": 2, "test": 1}


def test_a_start_with_the_same_settings_records_nothing(settings: Settings, now: datetime) -> None:
    record_changes(now=now)
    record_changes(now=now)
    assert len(recorded()) == 1


def test_the_operators_file_is_recorded_by_what_it_says(
    now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its terms of delivery bind whoever orders."""
    file = tmp_path / "agency.toml"
    monkeypatch.setenv("AGENCY_FILE", str(file))
    for version in ("3.0", "3.1"):
        file.write_text(f"[terms_of_delivery]\nversion = '{version}'\n")
        record_changes(now=now)
    assert recorded()[-1].data["changed"] == ["AGENCY_FILE"]


def test_what_changed_is_named(settings: Settings, now: datetime, tmp_path: Path) -> None:
    policy = tmp_path / "policy"
    policy.write_text("quorum none\n")
    settings.EVENT_LOG_POLICY = str(policy)
    record_changes(now=now)
    settings.APPROVERS_PROVE = "all"
    policy.write_text("# none\nquorum none\n")
    record_changes(now=now)
    assert recorded()[-1].data["changed"] == ["APPROVERS_PROVE", "EVENT_LOG_POLICY"]
    assert recorded()[-1].data["APPROVERS_PROVE"] == "all"


def test_another_source_of_the_register_is_named(settings: Settings, now: datetime) -> None:
    record_changes(now=now)
    options = {"url": "https://rekisteri.example.fi/units.json"}
    other = {"BACKEND": "accounts.other.Client", "OPTIONS": options}
    settings.REGISTER = settings.REGISTER | other
    record_changes(now=now)
    assert recorded()[-1].data["changed"] == ["REGISTER"]
    assert "rekisteri" not in str(recorded()[-1].data)


def test_directories_of_other_machines_are_not_looked_at(
    settings: Settings, now: datetime, tmp_path: Path
) -> None:
    """No worker would start while such a file system hangs."""
    place = tmp_path / "place"
    settings.JOURNAL_COPY = settings.EVENT_LOG_ANCHORS = str(place)
    for content in ("one", "two"):
        place.write_text(content)
        record_changes(now=now)
    assert len(recorded()) == 1


def test_each_process_is_compared_with_itself(settings: Settings, now: datetime) -> None:
    for process in ("ca", "default", "ca", "default"):
        settings.PORTAL_PROCESS = process
        record_changes(now=now)
    assert [event.object_id for event in recorded()] == ["ca", "default"]


def test_no_address_and_no_secret_is_recorded(settings: Settings, now: datetime) -> None:
    settings.EVENT_LOG_AUDITORS = ["arvid@auditors.example"]
    record_changes(now=now)
    assert "arvid" not in str(recorded()[0].data)


def test_who_identifies_people_is_recorded_without_the_secret(
    settings: Settings, now: datetime
) -> None:
    record_changes(now=now)
    settings.OIDC_ISSUER = "https://tunnistus.example.fi"
    options = {"client_secret": "kuusi-laivaa"}
    settings.IDENTIFICATION = {"BACKEND": "accounts.other.Backend", "OPTIONS": options}
    record_changes(now=now)
    assert recorded()[-1].data["changed"] == ["IDENTIFICATION", "OIDC_ISSUER"]
    assert recorded()[-1].data["IDENTIFICATION"] == "accounts.other.Backend"
    assert "laivaa" not in str(recorded()[-1].data)


@pytest.mark.django_db(transaction=True)
def test_web_records_what_it_starts_with_once(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        for _start in range(2):
            stack.start("web")
            stack.await_web()
            await_true(lambda: [event.object_id for event in recorded()] == ["web"], "not recorded")
            stack.stop()
    finally:
        stack.stop()
