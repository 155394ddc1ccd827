"""Names of audit events with their words: the base of every app's, and the foundation's own."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy as pgettext

ACTORS: dict[str, Promise] = {
    "system": pgettext("who acted", "The service"),
    "visitor": pgettext("who acted", "A visitor"),
    "technical_contact": pgettext("who acted", "The technical contact"),
    "person": pgettext("who acted", "A person"),
}
"""How actors that are not named are described, by kind."""


class EventName(TextChoices):
    """The names of one app's events; `label` says in words what happened.

    A name is stored with every event and never changes. A member whose event is no longer recorded
    stays, so that the events stored under it remain readable.
    """


class ServiceEvent(EventName):
    """Events that belong to no app: refused access, failed work, feedback."""

    ACT_REFUSED = "act.refused", _("Tried to do what the person may not do")
    ACCESS_REFUSED = "access.refused", _("Asked for a page that is not the person's")
    WORK_TAKEN_UP = "work.taken_up", _("Work that had failed was started again")
    WORK_GIVEN_UP = "work.given_up", _("Work that had failed was given up")
    MAIL_CAME_BACK = "mail.came_back", _("A mail came back")
    EVENTS_VIEWED = "events.viewed", _("The recorded events were looked at")
    EVENTS_EXPORTED = "events.exported", _("The recorded events were exported")
    SETTINGS_CHANGED = (
        "settings.changed",
        _("A part of the service started with other settings"),
    )
    NOTICE_SET = "service_notice.set", _("A notice was put on all pages")
    NOTICE_ENDED = "service_notice.ended", _("A notice on all pages was ended")
    FEEDBACK_GIVEN = "feedback.given", _("Feedback was given")


def words(name: str) -> str:
    """Return the words for a stored event name, in the active language."""
    for names in EventName.__subclasses__():
        if name in names:
            return str(names(name).label)
    return str(_("Something else was done"))
