"""Who gets a mail about an order, as its readers have chosen: docs/decisions/choice-of-mails.md."""

from collections.abc import Sequence

from accounts.models import MailChoice, Membership, Person
from applications.access import ACTING
from applications.models import Application
from applications.rules import recipients

# What each mail about an order is: a group that a person may do without (`MailChoice`), or what
# says why it always comes (`accounts.models.mail_choices.ALWAYS`).
KINDS = {
    "renewal": MailChoice.REMINDERS,
    "receipt": MailChoice.RECEIPTS,
    "bulk_receipt": MailChoice.RECEIPTS,
    **dict.fromkeys(
        [
            *("csr_attached", "csrs_attached", "csr_replaced", "reopened", "request_cancelled"),
            "withdrawn",
        ],
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
    **dict.fromkeys(["replaced", "revoked"], "revoking"),
    "undelivered": "register",
    **dict.fromkeys(["answered", "information_added", "recalled"], "work"),
}
# What administrators are told about orders that others made; somebody must hear of it.
OF_COLLEAGUES = {"lapse_warning", "lapsed", "renewal"}


def wanted(application: Application, notice: str, told: Sequence[str]) -> list[str]:
    """Return the recipients of `told` who want the mail.

    What somebody must hear of reaches a member who may order: if they all do without it, the
    administrators who want it, and if there are none, everybody of `told`.
    """
    if KINDS.get(notice) not in MailChoice and notice not in OF_COLLEAGUES:
        return list(told)
    kept = [one for one in told if not _declined(application, notice, one)]
    if len(kept) < len(told) and notice in OF_COLLEAGUES and not _reaches(application, kept):
        others = recipients.administrators(application)
        more = [one for one in others if not _declined(application, notice, one)]
        kept = list(recipients.distinct(application, (*kept, *more))) if more else list(told)
    return kept


def reader(application: Application, recipient: str) -> Person | None:
    """Return the member who reads the recipient's mail, and so has chosen a language; or None."""
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
    """Whether the person made the order, or it names their address."""
    named = {application.contact_email, application.technical_email, application.deputy_email}
    if person.email.casefold() in {one.casefold() for one in named}:
        return True
    return f"person:{person.pk}" in recipients.author(application)


def _reaches(application: Application, told: Sequence[str]) -> bool:
    """Whether a member who may order for the organisation is among the recipients."""
    members = (_member(application, one) for one in told)
    return any(one is not None and one.role in ACTING for one in members)


def _member(application: Application, recipient: str) -> Membership | None:
    """Return the membership of the person whose address the recipient's is; or None.

    A shared mailbox is nobody's.
    """
    address, _language = recipients.resolve(application, recipient)
    if recipient in {"mailbox", "reviewer"} or not address:
        return None
    found = Membership.objects.filter(
        organisation=application.organisation_id,
        ended_at=None,
        person__email__iexact=address,
        person__merged_into=None,
    )
    return found.exclude(person__email_verified_at=None).select_related("person").first()
