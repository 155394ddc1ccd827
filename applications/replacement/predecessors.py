"""The orders before and after a mass replacement, for pages and mails."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils.functional import Promise

from applications.models import Application, Replacement, ReplacementItem
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for

ISSUED = ReplacementItem.State.ISSUED


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The replaced order and certificate, the cause, and the day of its revocation."""

    order: Application
    serial: str
    cause: str | Promise
    revoke_on: date | None


def predecessor(application: Application) -> Predecessor | None:
    """Return the order and certificate that the order replaced in a mass replacement, or None."""
    item = next((item for item in items(application) if item.reference == application.pk), None)
    if item is None:
        return None
    order = Application.objects.get(pk=item.certificate.reference)
    plan = item.replacement
    cause = Replacement.Cause(plan.cause).label
    return Predecessor(order, item.certificate.serial, cause, plan.revoke_on)


def successor(application: Application) -> Application | None:
    """Return the order whose certificate replaced this one's in a mass replacement, or None."""
    replaced = (item for item in items(application) if item.certificate.reference == application.pk)
    item = next(replaced, None)
    return Application.objects.get(pk=item.reference) if item else None


@Question
def items(application: Application) -> Asks[list[ReplacementItem]]:
    """Return the items of mass replacements that made or replaced the order's certificate."""
    return _items(application.pk), list


@compiled_for(UUID(int=1))
def _items(reference: UUID) -> Rows:
    about = Q(reference=reference) | Q(certificate__reference=reference)
    rows = ReplacementItem.objects.filter(about, state=ISSUED).order_by("pk")
    return Rows(rows, "certificate", "replacement")
