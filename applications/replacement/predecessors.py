"""The orders before and after a mass replacement, for pages and mails."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.functional import Promise

from applications.models import Application, Replacement, ReplacementItem
from certportal.foundation.together import Asks, Question, Rows

ISSUED = ReplacementItem.State.ISSUED


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The order and certificate that were replaced, why, and when the old one is revoked."""

    order: Application
    serial: str
    cause: str | Promise
    revoke_on: date | None


def predecessor(application: Application) -> Predecessor | None:
    """Return what the order's certificate replaced in a mass replacement, or None."""
    item = next((one for one in items(application) if one.reference == application.pk), None)
    if item is None:
        return None
    order = Application.objects.get(pk=item.certificate.reference)
    plan = item.replacement
    cause = Replacement.Cause(plan.cause).label
    return Predecessor(order, item.certificate.serial, cause, plan.revoke_on)


def successor(application: Application) -> Application | None:
    """Return the order whose certificate replaced this one's in a mass replacement, or None."""
    after = (one for one in items(application) if one.certificate.reference == application.pk)
    item = next(after, None)
    return Application.objects.get(pk=item.reference) if item else None


@Question
def items(application: Application) -> Asks[list[ReplacementItem]]:
    """Return the replacements by which the order's certificate came, or by which it went."""
    about = Q(reference=application.pk) | Q(certificate__reference=application.pk)
    found = ReplacementItem.objects.filter(about, state=ISSUED).order_by("pk")
    return Rows(found, "certificate", "replacement"), list
