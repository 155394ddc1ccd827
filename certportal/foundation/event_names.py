"""Names of audit events with their words: the base of every app's, and the foundation's own.

The others are in `applications/workflow`, `accounts` and `issuance`, in files of this name.
"""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _, pgettext_lazy as pgettext

ACTORS: dict[str, Promise] = {
    "system": pgettext("who acted", "The service"),
    "visitor": pgettext("who acted", "A visitor"),
    "technical_contact": pgettext("who acted", "The technical contact"),
    "person": pgettext("who acted", "A person"),
}
"""How actors that are not named are described, by kind."""

OBJECTS: dict[str, Promise] = {
    "administrator_request": _("Request to be an administrator"),
    "application": pgettext("noun", "Order"),
    "approvers": _("Approvers' passkeys"),
    "attachment": _("Attachment"),
    "bulk_order": _("Bulk order"),
    "ceremony_record": _("Record of a key ceremony"),
    "certificate": _("Certificate"),
    "console": _("Page of the reviewers"),
    "contact_link": _("Technical contact's link"),
    "csr": _("Certificate request (CSR)"),
    "customers": _("Page of the customers of a supplier"),
    "disowned_certificate": _("Certificate that nobody approved"),
    "domain": _("Domain"),
    "event_log": _("Log of the events"),
    "events": _("Recorded events"),
    "feedback": _("Feedback"),
    "hostname": _("Host name"),
    "identity_key": _("Key of the hashes of identity codes"),
    "invitation": _("Invitation"),
    "issuing_ca": _("Certificate authority"),
    "join_request": _("Request to be invited to a customer account"),
    "key": _("Public key"),
    "list": _("List"),
    "login": pgettext("noun", "Login"),
    "members": _("Members"),
    "membership": _("Membership"),
    "order": _("Page for ordering"),
    "organisation": _("Organisation"),
    "outbox_item": _("Work of the service"),
    "page": _("Page"),
    "paper": _("Document from the agency"),
    "person": _("Person"),
    "prepared_certificate": _("Prepared certificate"),
    "ready_reason": _("Ready-made reason"),
    "reference": _("Reference of a certificate's order"),
    "register_run": _("Import of the register"),
    "register_task": _("Change in the register"),
    "replacement": _("Mass replacement of certificates"),
    "right_document": _("Document about the authority to act"),
    "root": _("Root certificate authority"),
    "seal": _("Seal of documents"),
    "second_factor": _("Page of the second factor"),
    "service_notice": _("Notice on all pages"),
    "session": _("Session"),
    "settings": _("Settings"),
    "signing_term": _("Term of the signing service"),
    "staff_role": pgettext("staff", "Role"),
    "succession": _("Transfer to the successor of an organisation"),
    "supplier_consent": _("Permission of a supplier"),
}
"""What events are about, by `Event.object_type`. Like names, types are stored for ever."""


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
    MAIL_CAME_BACK = "mail.came_back", _("An email came back")
    EVENTS_VIEWED = "events.viewed", _("The recorded events were looked at")
    EVENTS_EXPORTED = "events.exported", _("The recorded events were exported")
    SETTINGS_CHANGED = "settings.changed", _("A part of the service started with other settings")
    NOTICE_SET = "service_notice.set", _("A notice was put on all pages")
    NOTICE_ENDED = "service_notice.ended", _("A notice on all pages was ended")
    FEEDBACK_GIVEN = "feedback.given", _("Feedback was given")


def object_words(kind: str, key: object) -> str:
    """Return kind and key of what an event is about, in the active language."""
    return f"{OBJECTS.get(kind, kind)} {key}"


def words(name: str) -> str:
    """Return the words for a stored event name, in the active language."""
    for names in EventName.__subclasses__():
        if name in names:
            return str(names(name).label)
    return str(_("Something else was done"))
