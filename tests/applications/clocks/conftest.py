"""Moving the clock and reading the mail that came of it."""

from datetime import datetime

import pytest
from django.core import mail

from applications.models import Application
from certportal.foundation import clock
from tests.applications import orders


@pytest.fixture(autouse=True)
def _local_mail(settings):
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}


@pytest.fixture
def post(monkeypatch):
    """Return a function that lets the workers do everything due at the moment: the new mails."""

    def send(at: datetime) -> list:
        monkeypatch.setattr(clock, "now", lambda: at)
        mail.outbox.clear()
        orders.drain()
        return list(mail.outbox)

    return send


def noon(day: str) -> datetime:
    """Return 10 o'clock UTC of the day."""
    return datetime.fromisoformat(f"{day}T10:00:00+00:00")


def waiting_for_csr(person, sent: str, type: str = "server") -> Application:
    """Return an order sent that day without a certificate request."""
    application = orders.draft(person, type)
    seen = orders.Handler(person, application).seen
    from applications import services

    services.save_section(application.pk, "csr", {"csr_by": "applicant"}, **seen)
    orders.submit(person, application)
    orders.drain()
    Application.objects.filter(pk=application.pk).update(submitted_at=noon(sent))
    application.refresh_from_db()
    return application
