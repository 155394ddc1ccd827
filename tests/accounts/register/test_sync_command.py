"""The source asked by hand."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.register.models import RegisterRecord, RegisterRun
from certportal.foundation import clock
from tests.alarms import sounds

from .codeserver import FakeCodeServer, code, running, status

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    return FakeCodeServer(code(number, f"Yksikkö {number}") for number in range(25))


@pytest.fixture
def sync(server):
    """Run the command against the server."""
    backend = "accounts.register.source.codeserver.CodeServer"
    with running(server) as url:
        source = {"BACKEND": backend, "OPTIONS": {"url": url, "page_size": 10}}
        with override_settings(REGISTER=source):
            yield command


def command(*arguments):
    out = StringIO()
    call_command("sync_register", *arguments, stdout=out)
    return out.getvalue()


def test_the_whole_comes_first_and_then_what_has_changed(sync, server):
    assert "25 rows read, 25 added" in sync()
    server.codes[0] = code(0, "Uusi nimi", lastModifiedDate=clock.now().isoformat())
    assert "1 changed" in sync()
    assert server.requests[-1]["modifiedAfter"]
    sync("--full")
    assert list(RegisterRun.objects.order_by("pk").values_list("scope", flat=True)) == [
        "full",
        "delta",
        "full",
    ]


def test_a_source_that_is_down_is_named_with_what_to_do(sync, server):
    server.faults = [status(404)]
    with pytest.raises(CommandError, match="gave no register: status 404"):
        sync()
    assert sounds("register-source")


def test_a_fault_of_the_moment_and_one_of_a_preview_raise_no_alarm(sync, server):
    heard = []
    server.before_page = lambda _number: heard.append(sounds("register-source"))
    server.faults = [status(503)]
    assert "25 rows read, 25 added" in sync()
    assert heard == [False] * 3
    for preview in ("--dry-run", "--valid-on=2026-11-25"):
        server.faults = [status(404)]
        with pytest.raises(CommandError):
            sync(preview)
    assert not sounds("register-source")


def test_a_dry_run_and_a_day_change_nothing(sync, server):
    sync()
    server.codes[0]["expirationDate"] = "2020-12-31"
    assert "1 changed" in sync("--dry-run")
    assert "24 rows read, 0 added, 0 changed, 0 removed" in sync("--valid-on", "2026-11-25")
    assert server.requests[-1]["validOn"] == ["2026-11-25"]
    assert RegisterRecord.objects.count() == 25
    assert RegisterRun.objects.count() == 1


def test_without_a_source_or_an_answer_it_says_so(server):
    with pytest.raises(CommandError, match="REGISTER_URL"):
        command()
    source = {"BACKEND": "tests.doubles.register.MemoryClient", "OPTIONS": {}}
    with override_settings(REGISTER=source), pytest.raises(CommandError, match="empty"):
        command()
