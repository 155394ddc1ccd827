"""Delivered orders with a chosen validity, such as one that renews the certificate of another."""

from datetime import timedelta

from accounts.models import Person
from applications import services
from applications.models import Application
from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.remembered import remembering


@remembering
def valid_for(
    matti: Person, riitta: Person, months: int, *, begins_in: int = 0, type: str = "server"
) -> Application:
    """Return a delivered order; the validity begins in so many days, or at once."""
    order = orders.with_csr(matti, type)
    start = clock.day(clock.now()) + timedelta(days=begins_in) if begins_in else None
    chosen = {"validity_months": months, "start": start}
    services.save_section(order.pk, "validity", chosen, **orders.Handler(matti, order).seen)
    orders.submit(matti, order)
    return orders.finish(matti, riitta, order)


def renew(matti: Person, riitta: Person, type: str = "server") -> Application:
    """Return a delivered order like the first, whose certificate begins and ends a day later."""
    return valid_for(matti, riitta, 12, begins_in=1, type=type)
