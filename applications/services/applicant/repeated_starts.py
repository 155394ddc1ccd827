"""Repeated requests for a new order return one draft, and the number of drafts is limited."""

from datetime import datetime, timedelta

from applications.models import Application
from applications.workflow import Status
from certportal.foundation import clock
from certportal.foundation.actors import Actor
from certportal.foundation.web import limits
from issuance.services import locks

# A repeated submission of the form: a double click, or a retry after a lost response.
REPEATED_WITHIN = timedelta(minutes=5)
# Limits per person, network address and organisation.
MOST_AN_HOUR, MOST_FROM, MOST_FOR_ONE = 100, 600, 300
_OWN = frozenset({"id", "number", "created_at", "changed_at"})


def find(draft: Application, host_names: list[str], now: datetime) -> Application | None:
    """Return the person's recent, unchanged draft with the same contents as `draft`, if any.

    Takes a lock per person until the end of the transaction, so that of concurrent requests each
    sees the draft that the first one made.
    """
    locks.hold(f"start:{draft.created_by_id}")
    recent = Application.objects.filter(
        organisation=draft.organisation,
        created_by=draft.created_by,
        created_at__range=clock.recently(REPEATED_WITHIN, now=now),
        status=Status.DRAFT,
        version=1,
        csrs=None,
    )
    candidates = (
        candidate
        for candidate in recent.order_by("created_at")
        if _contents(candidate) == _contents(draft)
    )
    return next((candidate for candidate in candidates if candidate.names == host_names), None)


def spend(draft: Application, *, actor: Actor, now: datetime) -> None:
    """Count one draft by the actor and for the organisation. Raises TooMany."""
    hour = timedelta(hours=1)
    limits.spend_by("draft", actor, most=MOST_AN_HOUR, most_from=MOST_FROM, per=hour, now=now)
    limits.spend("draft_for", str(draft.organisation_id), most=MOST_FOR_ONE, per=hour, now=now)


def _contents(application: Application) -> dict[str, object]:
    names = (field.attname for field in Application._meta.concrete_fields)
    return {name: getattr(application, name) for name in names if name not in _OWN}
