"""The history of an order, as its own organisation sees it."""

from applications.models import Application
from applications.views.history import Line, names_of, word
from applications.workflow import TRANSITIONS, Action, Role
from certportal.foundation.models import Event

# What reviewers do among themselves, and single keystrokes, are no news to the applicant.
HIDDEN = (
    *["edit", "claim", "release", "set_evidence", "choose_names", "access_refused", "wait"],
    *["revocation_proposed", "revocation_declined", "revocation_withdrawn"],
)
OURS = frozenset(
    {
        "start",
        "revoke",
        "upload_csr",
        "choose_csr",
        "private_key_refused",
        "virus_refused",
        "add_attachment",
        "remove_attachment",
    }
)


def history(application: Application) -> list[Line]:
    """Return the events of the order, newest first; reviewers by their office, not by name."""
    found = Event.objects.filter(object_type="application", object_id=str(application.pk))
    hidden = [f"application.{action}" for action in HIDDEN]
    events = list(found.exclude(action__in=hidden).order_by("-id")[:200])
    people = names_of(event.actor for event in events if _is_own(event))
    return [Line(word(event), people.get(_key(event), ""), event.at) for event in events]


def _is_own(event: Event) -> bool:
    action = event.action.removeprefix("application.")
    if action in OURS:
        return True
    row = TRANSITIONS.get(Action(action)) if action in set(Action) else None
    return row is not None and Role.APPLICANT in row.roles


def _key(event: Event) -> str:
    return event.actor.partition(":")[2]
