"""The orders before and after a mass replacement, for pages and mails."""

from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise

from applications.models import Application, Replacement, ReplacementItem

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
    found = ReplacementItem.objects.filter(reference=application.pk, state=ISSUED)
    item = found.select_related("certificate", "replacement").first()
    if item is None:
        return None
    order = Application.objects.get(pk=item.certificate.reference)
    plan = item.replacement
    cause = Replacement.Cause(plan.cause).label
    return Predecessor(order, item.certificate.serial, cause, plan.revoke_on)


def successor(application: Application) -> Application | None:
    """Return the order whose certificate replaced this one's in a mass replacement, or None."""
    found = ReplacementItem.objects.filter(certificate__reference=application.pk, state=ISSUED)
    item = found.first()
    return Application.objects.get(pk=item.reference) if item else None
