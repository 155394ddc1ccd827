"""Questions to the applicant, and answers."""

from datetime import date, datetime
from typing import Any

from accounts.models import Person
from applications import checks, services
from applications.models import Application
from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.applications.clocks.conftest import noon
from tests.remembered import remembering


@remembering
def sent(person: Person, day: str) -> Application:
    """Return an order sent and queued that day."""
    application = orders.with_csr(person)
    services.submit(
        application.pk,
        **orders.signature(person, identified_at=noon(day)),
        **seen(person, application, day),
    )
    queue(application, day)
    return application


def queue(application: Application, day: str) -> None:
    """Let the checks, done with today's register, find nothing."""
    application.refresh_from_db()
    outcome = checks.run(application, now=clock.now())
    services.conclude(application.pk, outcome, now=noon(day))
    application.refresh_from_db()


def seen(person: Person, application: Application, day: str) -> dict[str, Any]:
    return orders.Handler(person, application).seen | {"now": noon(day)}


def ask(reviewer: Person, application: Application, day: str) -> None:
    services.claim(application.pk, person=reviewer, **seen(reviewer, application, day))
    services.request_info(
        application.pk,
        reason="Kumpi yksikkö?",
        sections=["unit"],
        deadline=date(2028, 1, 1),
        person=reviewer,
        **seen(reviewer, application, day),
    )
    application.refresh_from_db()


def answer(person: Person, application: Application, day: str) -> None:
    services.resubmit(
        application.pk,
        **orders.signature(person, identified_at=noon(day)),
        **seen(person, application, day),
    )
    queue(application, day)


def ask_for_unit(reviewer: Person, application: Application, deadline: date, at: datetime) -> None:
    """Let the reviewer ask for the unit again, with the deadline, at the moment."""
    seen = orders.Handler(reviewer, application).seen | {"now": at}
    services.request_info(
        application.pk,
        reason="Kumpi yksikkö?",
        sections=["unit"],
        deadline=deadline,
        person=reviewer,
        **seen,
    )
