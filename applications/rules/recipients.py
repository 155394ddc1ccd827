"""Who receives the mails about an order, and at which address.

A recipient is named by a string: applicant (the contact person), recipient (of the certificate),
mailbox, technical_contact, deputy, reviewer, or `person:` and a key.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accounts.models import Membership, Person
from accounts.right_to_act import is_shown
from applications.models import Application
from applications.models.certificate_types import Delivery
from applications.rules import case_holder, contact_links, sender
from applications.workflow import Status


def administrators(application: Application) -> list[str]:
    """Return the present administrators of the order's account, as recipients.

    An administrator whose right to act has not been confirmed is told of their own orders only.
    """
    current = Membership.objects.filter(
        organisation=application.organisation_id,
        role=Membership.Role.ADMINISTRATOR,
        ended_at=None,
    )
    found = current.order_by("begun_at").select_related("person", "organisation")
    maker = _maker(application)
    people = [one.person_id for one in found if one.person_id == maker or is_shown(one)]
    return [f"person:{one}" for one in people]


def present(application: Application, recipients: Sequence[str]) -> list[str]:
    """Return the recipients, with a contact person who has left replaced by the administrators.

    The order belongs to the organisation, so questions must reach somebody who still acts for it.
    A reviewer who has lost the role since is told nothing more of the case they held. No address
    gets the same mail twice, as when contact person and shared mailbox share one.
    """
    told = [one for one in recipients if one != "reviewer" or not case_holder.is_free(application)]
    if "applicant" in recipients and _has_left(application):
        told = [one for one in told if one != "applicant"] + administrators(application)
        told = list(distinct(application, told))
    return list(distinct(application, told, unreachable=True))


def _has_left(application: Application) -> bool:
    """Whether the contact person is a former member of the organisation."""
    return _is_of_former_member(application, application.contact_email)


def _is_of_former_member(application: Application, address: str) -> bool:
    """Whether the address is that of a former member who is not a member now.

    A sender who has changed their address since, and then left, is known by the contact's name.
    """
    if not address:
        return False
    theirs = Membership.objects.filter(
        organisation=application.organisation_id,
        person__email__iexact=address,
        person__merged_into=None,
    )
    if theirs.exists():
        return not theirs.filter(ended_at=None).exists()
    return address == application.contact_email and _is_sender_who_left(application)


def _is_sender_who_left(application: Application) -> bool:
    """Whether the contact person is the sender, by name, and the sender has left."""
    sent = application.submission
    if sent is None:
        return False
    sent_by = str(sent.person.current).casefold().split()
    return application.contact_name.casefold().split() == sent_by and sender.has_left(application)


def package(application: Application) -> tuple[str, ...]:
    """Return the recipients of the certificate: whom the order names, and the shared mailbox.

    If the named person has left the organisation, the administrators get it instead.
    """
    address, _language = resolve(application, "recipient")
    left = _is_of_former_member(application, address)
    told = administrators(application) if left else ["recipient"]
    return distinct(application, (*told, "mailbox"), unreachable=True)


def author(application: Application) -> list[str]:
    """Return who sent the order (or began the draft) if still a member of its account; else []."""
    key = _maker(application)
    person = Membership.objects.filter(
        person=key, organisation=application.organisation_id, ended_at=None
    )
    return [f"person:{key}"] if person.exists() else []


def _maker(application: Application) -> UUID:
    """Return the key of the person who sent the order, or who began it while it is a draft."""
    sent = application.submission
    return sent.person_id if sent else application.created_by_id


def by_lapse(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those who can keep an incomplete application from lapsing, each address once.

    These are the contact person, the sender, the administrators, and the holders of valid links
    when the certificate request is missing.
    """
    people = [*author(application), *administrators(application)]
    return distinct(application, ("applicant", *_bringing(application, now), *people))


def by_closing(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those to tell that the order ends because its account is closed, each address once.

    These are the contact person, the sender, and the holders of valid links.
    """
    holders = [link.holder for link in contact_links.living(application, now=now)]
    return distinct(application, ("applicant", *author(application), *holders))


def by_withdrawal(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those to tell of a withdrawal, each address once.

    These are the contact person and whoever was to attach the certificate request.
    """
    return distinct(application, ("applicant", *_bringing(application, now)))


def _bringing(application: Application, now: datetime) -> list[str]:
    """The holders of valid links, if the order waits for a request or for host names; else none."""
    if application.status not in {Status.AWAITING_CSR, Status.NAMES_PROPOSED}:
        return []
    return [link.holder for link in contact_links.living(application, now=now)]


def capacity(application: Application, recipient: str) -> str:
    """Resolve "recipient" (of the certificate) to technical_contact or applicant; keep others."""
    if recipient != "recipient":
        return recipient
    contact_gets = application.deliver_to == Delivery.TECHNICAL_CONTACT
    return "technical_contact" if contact_gets else "applicant"


def distinct(
    application: Application, recipients: Sequence[str], *, unreachable: bool = False
) -> tuple[str, ...]:
    """Return the recipients that have an address, the first of each address only.

    `unreachable`: those without one stay too, so that the failure is noted when the mail is sent.
    """
    found: dict[str, str] = {}
    for recipient in recipients:
        address, _language = resolve(application, recipient)
        if key := address.casefold() or (recipient if unreachable else ""):
            found.setdefault(key, recipient)
    return tuple(found.values())


def resolve(application: Application, recipient: str) -> tuple[str, str]:
    """Return the recipient's e-mail address, empty if there is none, and language code."""
    if recipient == "reviewer":
        return _of_holder(application)
    if recipient.startswith("person:"):
        return _of_person(recipient.partition(":")[2])
    recipient = capacity(application, recipient)
    if recipient in contact_links.HOLDERS:
        language = application.technical_language or application.language
        return contact_links.address_of(application, recipient), language
    if recipient == "mailbox":
        return application.mailbox, application.language
    return application.contact_email, application.language


def _of_holder(application: Application) -> tuple[str, str]:
    """Return the address and language of the reviewer of the case, if still a reviewer."""
    person = application.reviewer
    if person is None or case_holder.is_free(application):
        return "", "fi"
    return person.email, person.language


def _of_person(key: str) -> tuple[str, str]:
    person = Person.objects.filter(pk=key).exclude(email_verified_at=None).first()
    return (person.email, person.language) if person else ("", "fi")
