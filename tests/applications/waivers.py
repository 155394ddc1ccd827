"""Orders that only a waiver lets pass: a system with another organisation's OID."""

from datetime import date, timedelta
from typing import Any

from accounts.models import Person
from applications import services
from applications.models import Application, Waiver
from applications.rules import waivers
from applications.rules.waivers import OID_OUTSIDE
from applications.services.reviewer.waivers import waiver_to_sign
from certportal.dev.builders import orders
from certportal.foundation import clock
from tests.doubles.passkey import Passkey
from tests.remembered import remembering

SUPPLIER = "1.2.246.10.99000085.12.1"
WHY = "Apteekki käyttää toimittajan järjestelmää palvelusopimuksella."
GROUNDS = "Toimittajan vahvistus 25.11.2026, sopimus nähty."


@remembering
def foreign(
    person: Person, type: str = "system_signature", *, oid: str = SUPPLIER, why: str = WHY
) -> Application:
    """Return an order ready to send whose system has another organisation's OID."""
    application = orders.with_csr(person, type)
    values = {"system_name": "Apteekki Plus", "system_oid": oid, "system_oid_reason": why}
    seen = orders.Handler(person, application).seen
    services.save_section(application.pk, "system", values, **seen)
    application.refresh_from_db()
    return application


@remembering
def in_hand(person: Person, reviewer: Person, type: str = "system_signature") -> Application:
    """Return such an order as a case that the reviewer holds, its certificate prepared."""
    application = foreign(person, type)
    orders.submit(person, application)
    orders.drain()
    services.claim(application.pk, person=reviewer, **orders.Handler(reviewer, application).seen)
    orders.drain()
    application.refresh_from_db()
    return application


def day(distance: int = 0) -> date:
    """Return the Finnish day that is so many days ahead."""
    return clock.day(clock.now()) + timedelta(days=distance)


def waive(
    reviewer: Person,
    case: Application,
    *,
    days: int = 90,
    rule: str = OID_OUTSIDE,
    reason: str = GROUNDS,
    passkey: Passkey | None = None,
) -> Waiver:
    """Waive the finding for so many days, signed with the passkey if there is one."""
    given: dict[str, Any] = {"reason": reason, "ends_on": day(days)}
    if passkey is not None:
        finding = next(each for each in waivers.needed(case, on=day()) if each.rule == rule)
        given["assertion"] = passkey.sign(waiver_to_sign(case, finding, **given))
    seen = orders.Handler(reviewer, case).seen
    waiver = services.waive(case.pk, rule, person=reviewer, **given, **seen)
    case.refresh_from_db()
    return waiver


def approve(reviewer: Person, case: Application) -> Application:
    """Press *Approve* for the case as it is now."""
    orders.press_approve(reviewer, case)
    case.refresh_from_db()
    return case
