"""Mass replacements, step by step."""

from typing import Any

from accounts.models import Person
from applications import services
from applications.models import Replacement
from applications.replacement.selection import Selection
from certportal.dev.builders import orders
from certportal.dev.builders.acts import act
from certportal.foundation import clock
from certportal.foundation.actors import system

OPERATOR = system("reissue")


def plan(**more: Any) -> Replacement:
    """Return a planned replacement of the certificates of one CA."""
    wanted = Selection(issuing_ca=more.pop("issuing_ca", "sote-ec-1"), **more.pop("wanted", {}))
    given: dict[str, Any] = {"cause": "authority", "note": "Jakson nimi oli väärä."}
    given |= {"revoke_on": None, "made_by": "operaattori", "actor": OPERATOR, "now": clock.now()}
    return services.plan_replacement(wanted, **(given | more))


def approve(made: Replacement, *who: Person, **more: Any) -> None:
    """Approve the plan as each of the reviewers."""
    for person in who:
        given = {"digest": made.digest, "reauthenticated_at": clock.now()} | more
        act(person, services.approve_replacement, made.pk, **given)


def run(made: Replacement) -> None:
    """Release the plan's certificates and do the work that follows."""
    last = 0
    services.resume_replacement(made.pk, actor=OPERATOR, now=clock.now())
    while done := services.release_replacement(
        made.pk, after=last, size=2, actor=OPERATOR, now=clock.now()
    ):
        last = done.last
    orders.drain()
