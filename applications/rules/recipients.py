"""Who receives the mails about an order, and at which address.

A recipient is named by a string: applicant (the contact person), recipient (of the certificate),
mailbox, technical_contact, deputy, reviewer, author (who sent the order), or `person:` and a key.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accounts import access
from accounts.models import Membership, Person
from accounts.right_to_act import is_shown
from applications.access import ACTING
from applications.models import Application, ReplacementItem
from applications.models.certificate_types import Delivery
from applications.rules import case_holder, contact_links, sender
from applications.workflow import Status, consequences
from certportal.foundation.database.combined_queries import Rows, Values, compiled_for, first
from certportal.foundation.database.query_cache import asked_once
from certportal.foundation.database.related_rows import by_key, related_row
from certportal.foundation.text.mail_addresses import mailbox


def administrators(application: Application) -> list[str]:
    """Return the present administrators of the order's account, as recipients.

    An administrator whose right to act is not confirmed gets mails about their own orders only.
    """
    current = Membership.objects.filter(
        organisation=application.organisation_id, role=Membership.Role.ADMINISTRATOR, ended_at=None
    )
    members = current.order_by("begun_at").select_related("person", "organisation")
    maker = _maker(application)
    people = [
        member.person_id for member in members if member.person_id == maker or is_shown(member)
    ]
    return [f"person:{key}" for key in people]


def present(application: Application, recipients: Sequence[str]) -> list[str]:
    """Return the recipients, with those who have left replaced by the administrators.

    The order belongs to the organisation, so questions must reach somebody who still acts for it,
    and the certificate somebody who belongs to it. Whoever said that the order is not theirs gets
    nothing; the certificate goes to the contact person instead. A reviewer who has lost the role
    since is told nothing more of the case they held. No address gets the same mail twice, as when
    contact person and shared mailbox share one.
    """
    told = [one for named in recipients for one in _in_place_of(application, named)]
    return list(distinct(application, told, unreachable=True))


def _in_place_of(application: Application, recipient: str) -> list[str]:
    """Return who gets the recipient's mails: as a rule the recipient."""
    if recipient == "author":
        return author(application)
    holder = capacity(application, recipient)
    if holder in contact_links.HOLDERS and contact_links.is_refused(application, holder):
        return _in_place_of(application, "applicant") if recipient == "recipient" else []
    if recipient == "reviewer" and case_holder.is_free(application):
        return []
    if recipient in {"applicant", "recipient"} and _has_left(application, recipient):
        return administrators(application)
    return [recipient]


def _has_left(application: Application, recipient: str) -> bool:
    """Whether the recipient's address is that of a former member who is not a member now.

    Nor does a contact person act for the organisation who may not order for it any more. A sender
    who has changed their address since, and then left, is known by the contact's name. Who left
    before the link to them was made, or the order begun, is the organisation's own choice.
    """
    address, _language = resolve(application, recipient)
    if not address:
        return False
    holder = capacity(application, recipient)
    if holder in contact_links.HOLDERS and contact_links.latest(application, holder) is not None:
        return contact_links.of_former_member(application, holder) is not None
    roles = Membership.Role.values if holder in contact_links.HOLDERS else ACTING
    acts = _acts(application, address, roles)
    if acts is not None:
        return not acts
    own = mailbox(address) == mailbox(application.contact_email)
    return own and _is_sender_who_left(application)


def holder_left(application: Application) -> bool:
    """Whether the technical contact or the deputy was a member when named, and has left."""
    return any(_has_left(application, holder) for holder in contact_links.HOLDERS)


def _acts(application: Application, address: str, roles: Sequence[str]) -> bool | None:
    """Whether a member with the address has one of the roles; None if none had the address since.

    That is, since the order was begun.
    """
    held, begun = contact_links.held(application.organisation_id, address), application.created_at
    if any(end and end < begun for end, _role in held):
        begun = _begun(application)
    found = [(end, role) for end, role in held if end is None or end >= begun]
    return any(end is None and role in roles for end, role in found) if found else None


def _begun(application: Application) -> datetime:
    """Return when the order, or the one that a mass replacement copied to it, was begun."""
    copied: Application | None = first(_copied_to(application.pk).alone())
    return _begun(copied) if copied else application.created_at


@compiled_for(UUID(int=1))
def _copied_to(order: UUID) -> Rows:
    items = ReplacementItem.objects.filter(reference=order)
    return Rows(Application.objects.filter(pk__in=items.values("certificate__reference")))


def _is_sender_who_left(application: Application) -> bool:
    """Return whether the contact person has the sender's name, and the sender has left."""
    sent = application.submission
    if sent is None:
        return False
    sent_by = str(sent.person.current).casefold().split()
    return application.contact_name.casefold().split() == sent_by and sender.has_left(application)


def package(application: Application) -> tuple[str, ...]:
    """Return the recipients of the certificate: whom the order names, and the shared mailbox."""
    return tuple(present(application, consequences.PACKAGED))


def untold(application: Application, addressed: Sequence[str]) -> list[str]:
    """Return those of the recipients whose mailbox gets no certificate with the decision."""
    aside = {*contact_links.HOLDERS, "mailbox"}
    told = {
        mailbox(resolve(application, recipient)[0])
        for recipient in package(application)
        if capacity(application, recipient) not in aside
    }
    return [one for one in addressed if mailbox(resolve(application, one)[0]) not in told]


def author(application: Application) -> list[str]:
    """Return who sent the order (or began the draft) if they still order for it; else []."""
    key = _maker(application)
    return [f"person:{key}"] if _may_order(key, application.organisation_id) else []


@asked_once
def _may_order(person: UUID, organisation: UUID) -> bool:
    return bool(_acting(person, organisation).alone())


@compiled_for(UUID(int=1), UUID(int=2))
def _acting(person: UUID, organisation: UUID) -> Values:
    """Return the query for the person's memberships of the organisation that may order for it."""
    held = Membership.objects.filter(person=person, organisation=organisation, ended_at=None)
    return Values(held.filter(role__in=ACTING).values_list("pk"))


def _maker(application: Application) -> UUID:
    """Return the key of the person who sent the order, or who began it while it is a draft."""
    sent = related_row(application, "submission")
    maker = related_row(sent, "person") if sent else related_row(application, "created_by")
    key: UUID = maker.current.pk
    return key


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
    """Return holders of valid links if the order waits for their request or names; else []."""
    waits = application.status in {Status.AWAITING_CSR, Status.NAMES_PROPOSED}
    if not waits or not contact_links.brings_request(application):
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
    """Return the recipients that have an address, only the first for each mailbox.

    `unreachable`: keep those without one, so that the failure is recorded when the mail is sent.
    """
    by_address: dict[str, str] = {}
    for recipient in recipients:
        address, _language = resolve(application, recipient)
        key = mailbox(address) if address else recipient if unreachable else ""
        if key:
            by_address.setdefault(key, recipient)
    return tuple(by_address.values())


def reached(application: Application, recipient: str) -> tuple[str, str]:
    """Return address and language of whoever gets the recipient's mail at the moment it is written.

    It may have waited for days since `present` was asked: a person who is no member now gets
    nothing, and in place of a contact person who has left an administrator does, if there is one.
    """
    if is_former_member(application, recipient):
        return "", resolve(application, recipient)[1]
    if capacity(application, recipient) == "applicant":
        acts = _acts(application, application.contact_email, ACTING)
        if acts is False:
            recipient = next(iter(administrators(application)), recipient)
    return resolve(application, recipient)


def resolve(application: Application, recipient: str) -> tuple[str, str]:
    """Return the recipient's e-mail address, empty if there is none, and language code."""
    if recipient == "reviewer":
        person = application.reviewer
        if person is None or case_holder.is_free(application):
            return "", "fi"
        return person.email, person.language
    if recipient.startswith("person:"):
        return _of_person(_person(recipient))
    recipient = capacity(application, recipient)
    if recipient in contact_links.HOLDERS:
        language = application.technical_language or application.language
        return contact_links.address_of(application, recipient), language
    if recipient == "mailbox":
        return application.mailbox, application.language
    return application.contact_email, application.language


def _of_person(person: Person | None) -> tuple[str, str]:
    """Return the address, if it is proven, and the language of the person."""
    if person is None or person.email_verified_at is None:
        return "", "fi"
    return person.email, person.language


_read_person = asked_once(by_key(Person, "merged_into"))


def _person(recipient: str) -> Person | None:
    """Return the person whom `person:` and a key name; None for other recipients."""
    kind, _colon, key = recipient.partition(":")
    if kind != "person":
        return None
    found = _read_person(key)
    return found.current if found else None


def is_former_member(application: Application, recipient: str) -> bool:
    """Return whether the recipient is a person who is no member of the order's organisation now.

    They were one when the mail was asked for; it may have waited for days since.
    """
    person = _person(recipient)
    return person is not None and not access.is_member(person, application.organisation_id)
