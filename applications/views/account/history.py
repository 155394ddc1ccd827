"""The history of an order, as its own organisation sees it."""

from applications.models import Application
from applications.views.shared.history import Line, names_of, word
from applications.workflow import TRANSITIONS, ApplicationEvent, Role, event_of
from certportal.foundation.models import Event

# What reviewers do among themselves, and single keystrokes, are no news to the applicant.
HIDDEN = (
    ApplicationEvent.EDIT,
    ApplicationEvent.CLAIM,
    ApplicationEvent.RELEASE,
    ApplicationEvent.SET_EVIDENCE,
    ApplicationEvent.WAIVE,
    ApplicationEvent.WAIVER_CONFIRMED,
    ApplicationEvent.WAIVER_WITHDRAWN,
    ApplicationEvent.CHOOSE_NAMES,
    ApplicationEvent.ACCESS_REFUSED,
    ApplicationEvent.WAIT,
    ApplicationEvent.REVOCATION_PROPOSED,
    ApplicationEvent.REVOCATION_DECLINED,
    ApplicationEvent.REVOCATION_WITHDRAWN,
)
OURS = frozenset(
    {
        ApplicationEvent.START,
        ApplicationEvent.REVOKE,
        ApplicationEvent.UPLOAD_CSR,
        ApplicationEvent.CHOOSE_CSR,
        ApplicationEvent.PRIVATE_KEY_REFUSED,
        ApplicationEvent.VIRUS_REFUSED,
        ApplicationEvent.ADD_ATTACHMENT,
        ApplicationEvent.REMOVE_ATTACHMENT,
        *(event_of(action) for action, row in TRANSITIONS.items() if Role.APPLICANT in row.roles),
    }
)


def history(application: Application) -> list[Line]:
    """Return the events of the order, newest first; reviewers by their office, not by name."""
    found = Event.objects.filter(object_type="application", object_id=str(application.pk))
    events = list(found.exclude(action__in=HIDDEN).order_by("-id")[:200])
    people = names_of(event.actor for event in events if event.action in OURS)
    return [Line(word(event), people.get(_key(event), ""), event.at) for event in events]


def _key(event: Event) -> str:
    return event.actor.partition(":")[2]
