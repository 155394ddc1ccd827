"""Moving the clock and reading the mail that came of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from playwright.sync_api import Page

from accounts.models import Person
from applications.models import Application
from certportal.dev.builders import orders, people
from certportal.foundation import clock
from tests.remembered import remembering


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], list[EmailMessage]]:
    """Return a function that lets the workers do everything due at the moment: the new mails."""

    def send(at: datetime) -> list[EmailMessage]:
        monkeypatch.setattr(clock, "now", lambda: at)
        mail.outbox.clear()
        orders.drain()
        return list(mail.outbox)

    return send


def years_after(moment: datetime, years: int, days: int = 1) -> datetime:
    """Return the moment so many years and days later."""
    day = clock.add_months(clock.day(moment), 12 * years) + timedelta(days=days)
    return clock.start_of_day(day)


def noon(day: str) -> datetime:
    """Return 10 o'clock UTC of the day."""
    return datetime.fromisoformat(f"{day}T10:00:00+00:00")


@remembering
def waiting_for_csr(person: Person, sent: str, type: str = "server") -> Application:
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


@pytest.fixture
def open_as(watched: Page, live_server: Any) -> Callable[[Person, str], Page]:
    """Return a function that opens an address as the person."""

    def go(person: Person, path: str) -> Page:
        name = settings.SESSION_COOKIE_NAME
        value = people.log_in(Client(), person).cookies[name].value
        watched.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        watched.goto(live_server.url + path)
        return watched

    return go
