"""A second order that renews the certificate of a first."""

from datetime import timedelta

from accounts.models import Person
from applications import services
from applications.models import Application
from certportal.dev.builders import orders
from certportal.foundation import clock


def renew(matti: Person, riitta: Person, type: str = "server") -> Application:
    """Return a delivered order like the first, whose certificate begins and ends a day later."""
    later = orders.with_csr(matti, type)
    start = {"validity_months": 12, "start": clock.day(clock.now()) + timedelta(days=1)}
    services.save_section(later.pk, "validity", start, **orders.Handler(matti, later).seen)
    orders.submit(matti, later)
    orders.drain()
    services.claim(later.pk, person=riitta, **orders.Handler(riitta, later).seen)
    orders.drain()
    later.refresh_from_db()
    orders.approve(riitta, later)
    orders.drain()
    later.refresh_from_db()
    return later
