"""A mail server that refuses every mail for good."""

import pytest
from django.core.mail import EmailMessage

from certportal.foundation.mail import sending


def refuse_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: EmailMessage, **_more: object) -> None:
        raise sending.Undeliverable

    monkeypatch.setattr(sending, "send", refuse)
