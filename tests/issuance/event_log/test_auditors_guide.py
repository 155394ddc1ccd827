"""docs/auditing.md, followed as it is written, on the files of a service.

Only the list of the root is left out, since the authorities of the tests have none, and the papers,
since other tests follow what it says of them (`tests/seals.py`).
"""

import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from textwrap import dedent

import pytest
from django.core.management import call_command
from pytest_django import Settings

from certportal.foundation.event_log.files import folder
from certportal.foundation.event_log.notes import Verifier
from certportal.foundation.models import Event
from issuance import journal, services
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services.event_log import build
from tests.issuance.event_log.conftest import restart
from tests.logged import NAME, answer_at_once

pytestmark = pytest.mark.django_db(transaction=True)

FOUND = "Signature Verified Successfully"


@pytest.fixture
def before(cas: dict[str, IssuingCA], settings: Settings) -> Path:
    """The data directory that the authorities were published in, until `keyed` chooses another."""
    return Path(settings.PORTAL_DATA)


def commands(settings: Settings, place: Path, now: datetime) -> str:
    """Return the commands of the guide up to the papers'; save the programs, as it says."""
    text, found = (Path(settings.BASE_DIR) / "docs" / "auditing.md").read_text(), []
    text = text[: text.index("## A paper")]
    for block in re.finditer(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.MULTILINE):
        if name := re.search(r"Save as `(\w+\.py)`:\n\n\Z", text[: block.start()]):
            (place / name[1]).write_text(dedent(block[0]))
        else:
            found.append(dedent(block[0]))
    script, at = "\n".join(found), f"-attime {int(now.timestamp())}"
    for written, followed in (
        (" root-ec-1; do", "; do"),
        ("openssl verify -crl_check_all", f"openssl verify {at} -crl_check"),
    ):
        assert script.count(written) == 1
        script = script.replace(written, followed)
    return script


def gather(place: Path, before: Path, cas: dict[str, IssuingCA], now: datetime) -> Event:
    """Put into the place what an auditor gets; return the event of the receipt."""
    event = Event.objects.get(action="issuance.issued")
    receipt = services.receipts([event.pk])[event.pk]
    (place / "receipt.tlog-proof").write_text(str(receipt))
    (place / "kept.checkpoint").write_text(receipt.note)
    services.publish_crl(cas["sote-ec-1"], now=now)
    build.extend_wholly()
    public = before / "ca" / "public"
    for path in (
        *(repository.crl_path("sote-ec-1"), journal.path("sote-ec-1")),
        *(public / "root-ec-1.crt", public / "sote-ec-1.pem"),
        *(repository.log_key_path(), repository.log_keys_path()),
    ):
        shutil.copy(path, place)
    shutil.copytree(folder(), place / "events")
    return event


def follow(script: str, place: Path) -> list[str]:
    """Run the script as an auditor would; return the lines that it prints."""
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_an_auditor_finds_all_in_order_and_what_was_changed(
    before: Path,
    in_force: Certificate,
    cas: dict[str, IssuingCA],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> None:
    answer_at_once(monkeypatch)
    build.extend_wholly()
    place = tmp_path / "auditor"
    place.mkdir()
    event = gather(place, before, cas, now)
    shutil.copy(place / "kept.checkpoint", place / "checkpoint")
    script = commands(settings, place, now)
    said = follow(script, place)
    assert said.count(FOUND) == 5
    assert f' "id": {event.pk},' in said
    assert f"{in_force.serial}.der: OK" in said
    size = len((place / "entries.json").read_text().splitlines())
    assert size == Event.objects.count()
    assert not [line for line in said if "not in the log" in line]
    for name, old, new in (
        ("receipt.tlog-proof", b"index ", b"index 1"),
        ("sote-ec-1.journal", b'"attempt": 1', b'"attempt": 2'),
        (f"events/tile/entries/000.p/{size}", b"issuance.issued", b"issuance.voided"),
    ):
        path = place / name
        content = path.read_bytes()
        path.write_bytes(content.replace(old, new, 1))
        with pytest.raises(AssertionError, match="AssertionError"):
            follow(script, place)
        path.write_bytes(content)


def test_an_auditor_checks_a_receipt_of_the_key_before(
    before: Path,
    keyed: Verifier,
    in_force: Certificate,
    cas: dict[str, IssuingCA],
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    now: datetime,
) -> None:
    answer_at_once(monkeypatch)
    build.extend_wholly()
    place = tmp_path / "auditor"
    place.mkdir()
    old = services.receipts([event := Event.objects.latest("pk").pk])[event]
    call_command("replace_event_log_key", "--name", f"{NAME}-2")
    restart()
    build.extend_wholly()
    gather(place, before, cas, now)
    (place / "receipt.tlog-proof").write_text(str(old))
    shutil.copy(place / "kept.checkpoint", place / "checkpoint")
    function = commands(settings, place, now).partition(")\n\n")[0] + ")\n"
    steps = "python3 receipt.py receipt.tlog-proof && signed checkpoint"
    said = follow(f"{function}{steps} '{keyed}'; sed -n 1p checkpoint", place)
    assert said[-2:] == [FOUND, NAME]
    said = follow(f'{function}signed event-log.vkeys "$(cat event-log.vkey)"; cat *.vkeys', place)
    assert said[0] == FOUND
    assert [str(keyed) in line for line in said].count(True) == 1
