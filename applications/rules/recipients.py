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

    An administrator whose right to act is not confirmed gets mails about their own orders only.
    """
    current = Membership.objects.filter(
        organisation=application.organisation_id,
        role=Membership.Role.ADMINISTRATOR,
        ended_at=None,
    )
    members = current.order_by("begun_at").select_related("person", "organisation")
    maker = _maker(application)
    people = [
        member.person_id for member in members if member.person_id == maker or is_shown(member)
    ]
    return [f"person:{key}" for key in people]


def present(application: Application, recipients: Sequence[str]) -> list[str]:
    """Return the recipients; a contact person who has left is replaced by the administrators.

    The order belongs to the organisation, so questions must reach somebody who still acts for it.
    A former reviewer who still holds the case gets no mail. Each address gets a mail once, even if
    contact person and shared mailbox have the same one.
    """
    names = list(recipients)
    if "reviewer" in names and case_holder.is_free(application):
        names.remove("reviewer")
    if "applicant" in recipients and _has_left(application):
        names = [name for name in names if name != "applicant"] + administrators(application)
        names = list(distinct(application, names))
    return list(distinct(application, names, unreachable=True))


def _has_left(application: Application) -> bool:
    """Return whether the contact person is a former member of the organisation."""
    return _is_of_former_member(application, application.contact_email)


def _is_of_former_member(application: Application, address: str) -> bool:
    """Return whether the address belongs to a former member who is not a member now.

    A sender who changed their address and then left is recognised by the contact person's name.
    """
    if not address:
        return False
    memberships = Membership.objects.filter(
        organisation=application.organisation_id,
        person__email__iexact=address,
        person__merged_into=None,
    )
    if memberships.exists():
        return not memberships.filter(ended_at=None).exists()
    return address == application.contact_email and _is_sender_who_left(application)


def _is_sender_who_left(application: Application) -> bool:
    """Return whether the contact person has the sender's name, and the sender has left."""
    sent = application.submission
    if sent is None:
        return False
    sent_by = str(sent.person.current).casefold().split()
    return application.contact_name.casefold().split() == sent_by and sender.has_left(application)


def package(application: Application) -> tuple[str, ...]:
    """Return the recipients of the certificate: the person named in the order, and the mailbox.

    If the named person has left the organisation, the administrators get it instead.
    """
    address, _language = resolve(application, "recipient")
    has_left = _is_of_former_member(application, address)
    names = administrators(application) if has_left else ["recipient"]
    return distinct(application, (*names, "mailbox"), unreachable=True)


def author(application: Application) -> list[str]:
    """Return the sender (of a draft: the person who began it) as recipient if still a member."""
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
    holders = [link.holder for link in contact_links.valid_links(application, now=now)]
    return distinct(application, ("applicant", *author(application), *holders))


def by_withdrawal(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those to tell of a withdrawal, each address once.

    These are the contact person and whoever was to attach the certificate request.
    """
    return distinct(application, ("applicant", *_bringing(application, now)))


def _bringing(application: Application, now: datetime) -> list[str]:
    """Return holders of valid links if the order waits for a request or for host names; else []."""
    if application.status not in {Status.AWAITING_CSR, Status.NAMES_PROPOSED}:
        return []
    return [link.holder for link in contact_links.valid_links(application, now=now)]


def capacity(application: Application, recipient: str) -> str:
    """Resolve "recipient" (of the certificate) to technical_contact or applicant; keep others."""
    if recipient != "recipient":
        return recipient
    contact_gets = application.deliver_to == Delivery.TECHNICAL_CONTACT
    return "technical_contact" if contact_gets else "applicant"


def distinct(
    application: Application, recipients: Sequence[str], *, unreachable: bool = False
) -> tuple[str, ...]:
    """Return the recipients that have an address, only the first for each address.

    `unreachable`: keep those without one, so that the failure is recorded when the mail is sent.
    """
    by_address: dict[str, str] = {}
    for recipient in recipients:
        address, _language = resolve(application, recipient)
        if key := address.casefold() or (recipient if unreachable else ""):
            by_address.setdefault(key, recipient)
    return tuple(by_address.values())


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
