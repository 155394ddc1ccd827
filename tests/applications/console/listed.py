"""What the queue and the library of reasons list, and moving promised days."""

from datetime import date, timedelta
from typing import Any

from applications.models import Application, ReadyReasonVersion
from certportal.foundation import clock


def numbers(answer: Any) -> list[str]:
    return [row.case.number for row in answer.context["rows"]]


def ready(part: str) -> int:
    """Return the key of the ready-made reason whose English title has this part."""
    versions = ReadyReasonVersion.objects.filter(words__en__title__icontains=part)
    (key,) = set(versions.values_list("reason", flat=True))
    return int(key)


def due_in(application: Application, days: int) -> date:
    """Move the promised day as if the application had come earlier or later."""
    day = clock.day(clock.now()) + timedelta(days=days)
    Application.objects.filter(pk=application.pk).update(due_on=day)
    return day
