"""Whom a mail about an order concerns beside its contact person."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Membership
from applications import contact, notices
from applications.models import Application
from applications.workflow import Status


def administrators(application: Application) -> list[str]:
    """Return the present administrators of the order's account, as recipients of notices."""
    current = Membership.objects.filter(
        organisation=application.organisation_id,
        role=Membership.Role.ADMINISTRATOR,
        ended_at=None,
    )
    people = current.order_by("begun_at").values_list("person_id", flat=True)
    return [f"person:{one}" for one in people]


def present(application: Application, recipients: Sequence[str]) -> list[str]:
    """Return the recipients, with the administrators in a contact person's place who has left.

    The order is the organisation's: what it is asked must reach somebody who still acts for it.
    Nobody gets the same mail twice, such as who is both contact person and shared mailbox.
    """
    told = list(recipients)
    if "applicant" in recipients and _has_left(application):
        told = [one for one in told if one != "applicant"] + administrators(application)
        told = list(notices.distinct(application, told))
    return list(_once(application, told))


def _has_left(application: Application) -> bool:
    """Whether the contact person's address is that of a person who was a member and is no more."""
    if not application.contact_email:
        return False
    theirs = Membership.objects.filter(
        organisation=application.organisation_id,
        person__email__iexact=application.contact_email,
        person__merged_into=None,
    )
    return theirs.exists() and not theirs.filter(ended_at=None).exists()


def package(application: Application) -> tuple[str, ...]:
    """Return to whom the certificate is sent: as the order says, and to the shared mailbox."""
    return _once(application, ("recipient", "mailbox"))


def _once(application: Application, recipients: Sequence[str]) -> tuple[str, ...]:
    """Return the recipients without those whose address another one has had before them.

    Whoever has no address stays: that the mail went nowhere is noted when it would be sent.
    """
    found: dict[str, str] = {}
    for recipient in recipients:
        address, _language = notices.resolve(application, recipient)
        found.setdefault(address.casefold() or recipient, recipient)
    return tuple(found.values())


def author(application: Application) -> list[str]:
    """Return whoever sent the order, or began the draft, while they belong to its account."""
    sent = application.submission
    key = sent.person_id if sent else application.created_by_id
    person = Membership.objects.filter(
        person=key, organisation=application.organisation_id, ended_at=None
    )
    return [f"person:{key}"] if person.exists() else []


def by_lapse(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those who can keep an incomplete application from lapsing, each address once.

    Beside the account's own people those who were to bring the certificate request.
    """
    people = [*author(application), *administrators(application)]
    return notices.distinct(application, ("applicant", *_bringing(application, now), *people))


def by_withdrawal(application: Application, *, now: datetime) -> tuple[str, ...]:
    """Return those whose work a withdrawal ends, each address once."""
    return notices.distinct(application, ("applicant", *_bringing(application, now)))


def _bringing(application: Application, now: datetime) -> list[str]:
    """The technical contact and the deputy whose link lives, when it is the request that lacks."""
    if application.status != Status.AWAITING_CSR:
        return []
    return [link.holder for link in contact.living(application, now=now)]
