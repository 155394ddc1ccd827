"""The audit events of a case in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext_lazy as pgettext

from accounts.models import Person
from applications.models import Application
from applications.views.voiding import void_reason
from certportal.foundation.models import Event

WORDS: dict[str, Promise] = {
    "start": gettext_lazy("The application was begun"),
    "edit": gettext_lazy("The applicant changed the application"),
    "ask_mailbox_code": gettext_lazy("A code was sent to the mailbox to be certified"),
    "prove_mailbox": gettext_lazy("The mailbox to be certified was proven by the code"),
    "upload_csr": gettext_lazy("A certificate request was uploaded"),
    "choose_csr": gettext_lazy("The certificate request was chosen"),
    "add_attachment": gettext_lazy("A document was attached"),
    "remove_attachment": gettext_lazy("An attached document was taken away"),
    "link_sent": gettext_lazy("A link was sent to the technical contact"),
    "link_opened": gettext_lazy("The technical contact opened the link"),
    "rename_contact": gettext_lazy("The applicant named another technical contact"),
    "resend_link": gettext_lazy("The applicant had the technical contact's link sent again"),
    "revoke_link": gettext_lazy("The applicant ended the technical contact's link"),
    "not_mine": gettext_lazy("The technical contact said the order is not theirs"),
    "attach_csr": gettext_lazy("The certificate request was attached"),
    "replace_csr": gettext_lazy("The certificate request was replaced"),
    "virus_refused": gettext_lazy("An uploaded file was refused: it carries a virus"),
    "private_key_refused": gettext_lazy("An upload with a private key was refused"),
    "submit": gettext_lazy("The application was submitted"),
    "submit_without_csr": gettext_lazy("The application was submitted without a request (CSR)"),
    "return_csr": gettext_lazy("The checks returned the certificate request"),
    "return_order": gettext_lazy("The checks returned the application to the applicant"),
    "wait": gettext_lazy("The checks wait for a source that does not answer"),
    "queue": gettext_lazy("The checks found no obstacle: the application came to review"),
    "claim": gettext_lazy("A reviewer took the case"),
    "release": gettext_lazy("The reviewer gave the case back"),
    "set_evidence": gettext_lazy("Evidence for a host name was recorded"),
    "choose_names": gettext_lazy("The names in the certificate were chosen"),
    "add_information": gettext_lazy("The applicant added information"),
    "request_info": gettext_lazy("More information was requested"),
    "extend_deadline": gettext_lazy("The deadline for the answer was extended"),
    "cancel_request": gettext_lazy("The request for information was taken back"),
    "resubmit": gettext_lazy("The applicant answered and submitted again"),
    "approve": gettext_lazy("The certificate was approved"),
    "reject": gettext_lazy("The application was rejected"),
    "recall": gettext_lazy("The application came back to review before signing"),
    "issue": gettext_lazy("The certificate was issued"),
    "restore": gettext_lazy("The certificate had been issued already, as a backup did not know"),
    "reissue": gettext_lazy("A new certificate was issued in place of an earlier one"),
    "replaced": gettext_lazy("The certificate was replaced by a new one"),
    "deliver": gettext_lazy("The certificate was delivered"),
    "package_sent": gettext_lazy("The certificate was mailed to a recipient"),
    "revoke": gettext_lazy("The applicant had the certificate revoked"),
    "revoke_exposed": gettext_lazy("A reviewer revoked the certificate: the key was exposed"),
    "revocation_proposed": gettext_lazy("A reviewer proposed to revoke the certificate"),
    "revocation_confirmed": gettext_lazy("A second reviewer confirmed the revocation"),
    "revocation_declined": gettext_lazy("A second reviewer declined the revocation"),
    "revocation_withdrawn": gettext_lazy("The reviewer took the proposal to revoke back"),
    "succeed": gettext_lazy("The order was handed over to the successor of the organisation"),
    "withdraw": gettext_lazy("The applicant withdrew the application"),
    "lapse": gettext_lazy("The application lapsed"),
    "reopen": gettext_lazy("The application was taken up again"),
    "erase": gettext_lazy("The personal data of the order were erased"),
    "correct_address": gettext_lazy("A reviewer corrected an email address of the order"),
    "access_refused": gettext_lazy("A stranger tried to open the application"),
}
ACTORS: dict[str, Promise] = {
    "system": pgettext("who acted", "The service"),
    "visitor": pgettext("who acted", "A visitor"),
    "technical_contact": pgettext("who acted", "The technical contact"),
    "person": pgettext("who acted", "A person"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what happened, who did it, when."""

    text: str
    who: str
    at: datetime


def history(application: Application) -> list[Line]:
    """Return the events of the case, the newest first."""
    found = Event.objects.filter(object_type="application", object_id=str(application.pk))
    events = list(found.order_by("-id")[:200])
    people = names_of(event.actor for event in events)
    lines = [Line(word(event), who(event.actor, people), event.at) for event in events]
    return without_repeats(lines)


def without_repeats(lines: list[Line]) -> list[Line]:
    """Leave of the same act by the same person in a row the first line, which is the newest."""
    before = [None, *lines]
    pairs = zip(before, lines, strict=False)
    return [
        line for last, line in pairs if not last or (last.text, last.who) != (line.text, line.who)
    ]


def word(event: Event) -> str:
    """Return the event in words; one without words by its id."""
    action = event.action.removeprefix("application.")
    text = str(WORDS.get(action, action))
    if action == "approve" and event.data.get("given", 0) < event.data.get("wanted", 0):
        return _("The certificate was approved; another approval is needed")
    if action == "recall":
        return f"{text}: {void_reason(event.data.get('reason', ''))}"
    return text


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """Return the names of the persons among the actors, by their key."""
    keys = {key for kind, _colon, key in (one.partition(":") for one in actors) if kind == "person"}
    return {str(one.pk): str(one) for one in Person.objects.filter(pk__in=keys)}


def who(actor: str, people: dict[str, str]) -> str:
    """Return who acted, by name when it was a person."""
    kind, _colon, key = actor.partition(":")
    return people.get(key) or str(ACTORS.get(kind, kind))
