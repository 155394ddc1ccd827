"""Which recipients get a mail, by their own choices: see docs/decisions/choice-of-mails.md."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from accounts.models import MailChoice, Membership, Person, reached_by
from applications.access import ACTING
from applications.models import Application
from applications.rules import contact_links, recipients
from applications.rules.told_together import SEVERAL
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from certportal.foundation.text.mail_addresses import address_mark, mailbox

# The group of each mail about an order: one that a person may decline (`MailChoice`), or one that
# is always sent (`accounts.models.mail_choices.ALWAYS`).
KINDS = {
    **dict.fromkeys(["expired", "renewal"], MailChoice.REMINDERS),
    "receipt": MailChoice.RECEIPTS,
    "bulk_receipt": MailChoice.RECEIPTS,
    **dict.fromkeys(
        ["csr_attached", "csrs_attached", "reopened", "request_cancelled", "withdrawn"],
        MailChoice.PROGRESS,
    ),
    **dict.fromkeys(
        [
            *("approved", "information_wanted", "deadline_extended", "csr_returned"),
            "names_proposed",
            *("not_mine_told", "link_sent", "links_sent", "mailbox_code", "package", "rejected"),
        ],
        "decisions",
    ),
    **dict.fromkeys(["account_closed", "draft_warning", "lapse_warning", "lapsed"], "ending"),
    **dict.fromkeys(["replaced", "revocation_reported", "revoked"], "revoking"),
    "undelivered": "register",
    "csr_replaced": "access",
    **dict.fromkeys(["answered", "information_added", "recalled"], "work"),
}
KINDS |= {several: KINDS[one] for one, several in SEVERAL.items()}
# Mails that administrators get about orders made by others; somebody must get them.
OF_COLLEAGUES = {"expired", "lapse_warning", "lapsed", "renewal"}


def wanted(application: Application, notice: str, addressed: Sequence[str]) -> list[str]:
    """Return those of the `addressed` recipients who have not declined the mail.

    Whom the certificate itself tells of its approval gets no other mail about it.
    A mail that somebody must get reaches a member who may order: if they all decline it, it goes to
    the administrators who want it, and if there are none, to everybody in `addressed`.
    """
    if notice == "approved":
        return recipients.untold(application, addressed)
    if KINDS.get(notice) not in MailChoice and notice not in OF_COLLEAGUES:
        return list(addressed)
    if notice == "csr_attached" and contact_links.came_through(application) is not None:
        return list(addressed)
    kept = [name for name in addressed if not _declined(application, notice, name)]
    if len(kept) < len(addressed) and notice in OF_COLLEAGUES and not _reaches(application, kept):
        others = recipients.administrators(application)
        more = [name for name in others if not _declined(application, notice, name)]
        kept = list(recipients.distinct(application, (*kept, *more))) if more else list(addressed)
    return kept


def reached(application: Application, recipient: str) -> tuple[str, str]:
    """Return address and language of the recipient now (`recipients.reached`).

    A member is written to in the language that they have chosen, others in that of the order.
    """
    address, language = recipients.reached(application, recipient)
    person = reader(application, recipient)
    return address, person.language if person is not None else language


def reader(application: Application, recipient: str) -> Person | None:
    """Return the member who reads the recipient's mail, or None."""
    member = _member(application, recipient)
    return member.person if member is not None else None


def _declined(application: Application, notice: str, recipient: str) -> bool:
    member = _member(application, recipient)
    if member is None:
        return False
    group, declines = KINDS[notice], member.person.declines
    if group in MailChoice and declines(group):
        return True
    is_colleague = notice in OF_COLLEAGUES and not _concerns(application, member.person)
    return is_colleague and declines(MailChoice.COLLEAGUES)


def _concerns(application: Application, person: Person) -> bool:
    """Return whether the person made the order, or it contains their address."""
    addresses = {application.contact_email, application.technical_email, application.deputy_email}
    if mailbox(person.email) in map(mailbox, addresses):
        return True
    return f"person:{person.pk}" in recipients.author(application)


def _reaches(application: Application, names: Sequence[str]) -> bool:
    """Return whether a member who may order for the organisation is among the recipients."""
    members = (_member(application, name) for name in names)
    return any(member is not None and member.role in ACTING for member in members)


def _member(application: Application, recipient: str) -> Membership | None:
    """Return the membership of the person with the recipient's address, or None.

    A shared mailbox belongs to no member.
    """
    address, _language = recipients.resolve(application, recipient)
    if recipient in {"mailbox", "reviewer"} or not address:
        return None
    return _with_address(application.organisation_id, address)


@Question
def _with_address(organisation: UUID, address: str) -> Asks[Membership | None]:
    box = mailbox(address)

    def present(known: list[Membership]) -> Membership | None:
        return next((member for member in known if mailbox(member.person.email) == box), None)

    return _members(organisation, address, box, address_mark(address)), present


def know_readers(told: Iterable[tuple[Application, str]]) -> None:
    """Read at once, in a reading, who reads the mails of these recipients of orders."""
    places = [(order.organisation_id, recipients.resolve(order, one)[0]) for order, one in told]
    contact_links.held.of_each(places)
    _with_address.of_each(places)


@compiled_for(UUID(int=1), "an address", "the mailbox", "the mark")
def _members(organisation: UUID, address: str, box: str, mark: str) -> Rows:
    """Return the query for the members who have the address, or had it."""
    memberships = Membership.objects.filter(
        reached_by(address, box, mark),
        organisation=organisation,
        ended_at=None,
        person__merged_into=None,
    )
    return Rows(memberships.exclude(person__email_verified_at=None).order_by("pk"), "person")
