"""How many reviewers must approve an order, and until when their approvals may be used.

More when a check is waived or the evidence is weak, and then only for a time.
"""

from datetime import date, datetime, timedelta

from applications.models import Application
from applications.rules import intermediaries, waivers
from applications.rules.attempts import approvals
from applications.rules.sender import weak_right
from certportal.foundation import clock
from certportal.foundation.reading import asked_once
from issuance.models import Certificate


def approvals_needed(application: Application, *, on: date) -> int:
    """Return the least number of approvals that day: two for a waiver or weak evidence, else one.

    The operator's policy may require more. What needs a waiver needs two persons in every
    environment. So do, for production, a right to act that was confirmed on the person's word
    alone, and an intermediary that has no production certificate yet, because no register ties an
    intermediary to a unit. No production system trusts a test certificate.

    An order that somebody approved while it wanted two persons wants two to its end: otherwise that
    person alone could record better evidence, approve again and be enough.
    """
    return 2 if _has_reason_for_two(application, on=on) or _wanted_two(application) else 1


def only_wanted_two(application: Application, *, on: date) -> bool:
    """Whether two persons are wanted for no reason but that they were when it was approved once."""
    return not _has_reason_for_two(application, on=on) and _wanted_two(application)


@asked_once
def _has_reason_for_two(application: Application, *, on: date) -> bool:
    if waivers.needed(application, on=on):
        return True
    if application.kind.is_test:
        return False
    return bool(weak_right(application)) or _first_of_intermediary(application)


def _wanted_two(application: Application) -> bool:
    """Whether an approval of the order was given, in any attempt, that was not to be enough."""
    return any(one.persons > 1 for one in approvals(application.pk))


def approved_until(application: Application, *, on: date) -> datetime | None:
    """Return the moment from which an approval given that day may no longer be used, or None.

    It is the end of the first last day among the waivers and the weak right that the order rests
    on.
    """
    days = [one.ends_on for one in waivers.relied_on(application, on=on)]
    right = weak_right(application)
    if right is not None and right.confirmed_until is not None:
        days.append(right.confirmed_until)
    return clock.start_of_day(min(days) + timedelta(days=1)) if days else None


def _first_of_intermediary(application: Application) -> bool:
    if not intermediaries.is_mediated(application):
        return False
    earlier = Application.objects.filter(organisation=application.organisation_id)
    return not Certificate.objects.filter(
        reference__in=earlier.exclude(pk=application.pk).values("pk"), environment="production"
    ).exists()
