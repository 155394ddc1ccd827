"""How many reviewers must approve an order, and until when their approvals may be used.

Waived findings and weak evidence need more approvals, which are valid for a limited time.
"""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from applications.models import Application
from applications.rules import intermediaries, waivers
from applications.rules.attempts import approvals
from applications.rules.sender import weak_right
from certportal.foundation import clock
from certportal.foundation.database.query_cache import asked_once
from issuance.models import Certificate


def approvals_needed(application: Application, *, on: date) -> int:
    """Return the number of approvals needed that day: two for a waiver or weak evidence, else one.

    The operator's policy may require more. A waiver needs two persons in every environment. In
    production, so does a right to act that was confirmed on the person's word alone, and the first
    certificate of an intermediary, because no register ties an intermediary to a unit. No
    production system trusts a test certificate.

    An order that was approved when it needed two persons needs two from then on: otherwise the
    first approver alone could record better evidence and approve again.
    """
    return 2 if why_two(application, on=on) else 1


@asked_once
def why_two(application: Application, *, on: date) -> str:
    """Return in words why two persons must approve the order that day; empty if one is enough."""
    if waivers.needed(application, on=on):
        return _("The order is based on a waiver, so two persons must approve it.")
    if not application.kind.is_test and weak_right(application):
        return _(
            "The authority to act is based on the person's word, so two persons must approve the"
            " order."
        )
    if not application.kind.is_test and _first_of_intermediary(application):
        return _(
            "This is the intermediary's first certificate, so two persons must approve the order."
        )
    if any(approval.persons > 1 for approval in approvals(application.pk)):
        return _(
            "The order needed two persons when it was approved before, so it needs two to the end."
        )
    return ""


def approved_until(application: Application, *, on: date) -> datetime | None:
    """Return when an approval given that day stops being valid, or None if it does not.

    It is the end of the earliest last day of the waivers and the weak right that the order rests
    on.
    """
    days = [waiver.ends_on for waiver in waivers.relied_on(application, on=on)]
    right = weak_right(application)
    if right is not None and right.confirmed_until is not None:
        days.append(right.confirmed_until)
    return clock.start_of_day(min(days) + timedelta(days=1)) if days else None


def _first_of_intermediary(application: Application) -> bool:
    if not intermediaries.is_mediated(application):
        return False
    # Those for its own units, if it has some, tie nobody to the intermediary.
    earlier = Application.objects.filter(
        organisation=application.organisation_id, record_kind=application.record_kind
    )
    return not Certificate.objects.filter(
        reference__in=earlier.exclude(pk=application.pk).values("pk"), environment="production"
    ).exists()
