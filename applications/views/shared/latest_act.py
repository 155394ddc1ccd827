"""What happened last on an order, for an applicant whose page is out of date."""

from dataclasses import replace

from applications.models import Application
from applications.rules import sections
from applications.views.shared import history
from applications.views.shared.since import READING
from applications.workflow import ApplicationEvent


def latest_act(application: Application) -> history.Line | None:
    """Return the latest act on the order in words; for the saving of a part, with its name.

    None if the applicant may not read it, such as that a reviewer took the case.
    """
    events = history.newest_of(application)
    acts = (each for each in events if not each.refused and each.action not in READING)
    event = next(acts, None)
    if event is None or event.action in history.HIDDEN - {ApplicationEvent.EDIT}:
        return None
    (line,) = history.worded([event])
    part = sections.BY_ID.get(event.data.get("section", ""))
    text = f"{line.text}: {part.title}" if part else line.text
    is_own = history.is_ours(event) or event.action == ApplicationEvent.EDIT
    return replace(line, text=text, who=line.who if is_own else "")
