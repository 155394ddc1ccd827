"""What a verification says of the rows that events tell of."""

import re
from datetime import datetime

import pytest

from accounts.models import User
from accounts.services.people import second_factor
from certportal.foundation.actors import system
from certportal.foundation.event_log.verifying import Kind
from issuance import services
from tests.issuance.event_log.conftest import restart

TESTS = system("test")


def named() -> list[tuple[Kind, str]]:
    """What a verification in a new process names."""
    restart()
    return [(finding.kind, finding.about) for finding in services.verify_audit().findings]


def only(kind: Kind, words: str) -> None:
    """Require that exactly this is named; `words` begin it."""
    found = named()
    assert [each for each, _ in found] == [kind]
    assert re.match(words, found[0][1]), found


def add_passkey(login: User, monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr("accounts.factors.passkeys.check_new", lambda _credential: None)
    second_factor.add_passkey(login, {"id": "key of Riitta"}, actor=TESTS, now=now)
