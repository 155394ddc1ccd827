"""A log of events for tests, and the signing worker's answers about it without a worker."""

from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from certportal.celery import app
from certportal.foundation.event_log.notes import Verifier
from issuance.publication import ask_worker
from issuance.services.event_log import key

NAME = "log.example.fi/events"


def make_log(settings: Settings, tmp_path: Path) -> Verifier:
    """Make the key of a log whose files are under a folder of this test; return the public half."""
    settings.PORTAL_DATA = tmp_path / "data"
    settings.CA_KEYS_DIR = str(tmp_path / "keys")
    settings.CA_KEY_PASSWORD_FILE = str(tmp_path / "password")
    (tmp_path / "password").write_text("a password of the tests")
    made = key.make(NAME)
    key.publish(made)
    return made


def answer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is asked of the signing worker be answered by its task, in this process."""
    app.autodiscover_tasks(force=True)

    def exchange(task: str, kind: str, **facts: str) -> bytes | None:
        reply_to = f"{kind}-answer:{uuid4().hex}"
        app.tasks[task].run(**facts, reply_to=reply_to)
        answered = ask_worker._store().lpop(reply_to)
        assert isinstance(answered, bytes | None)
        return answered

    def tell(task: str, **facts: str) -> None:
        app.tasks[task].run(**facts)

    monkeypatch.setattr(ask_worker, "exchange", exchange)
    monkeypatch.setattr(ask_worker, "tell", tell)
    monkeypatch.setattr("issuance.publication.ask_receipts._allowance", ask_worker.Allowance())
