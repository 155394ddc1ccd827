"""What the queue lists, and moving promised days in it."""

from datetime import date, timedelta
from typing import Any

from applications.models import Application
from certportal.foundation import clock


def numbers(answer: Any) -> list[str]:
    return [row.case.number for row in answer.context["rows"]]


def due_in(application: Application, days: int) -> date:
    """Move the promised day as if the application had come earlier or later."""
    day = clock.day(clock.now()) + timedelta(days=days)
    Application.objects.filter(pk=application.pk).update(due_on=day)
    return day
