"""The journey of an application as a table: data, no behaviour.

Buttons, permissions, the status page and an exhaustive test are derived from it. The law behind
the stages is hallintolaki (434/2003) 19–23 and 33 §, and the service description's own rules.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Status(TextChoices):
    """Where an application is."""

    DRAFT = "draft", pgettext_lazy("application status", "Draft")
    AWAITING_CSR = "awaiting_csr", pgettext_lazy("application status", "Waiting for the CSR")
    CHECKING = "checking", pgettext_lazy("application status", "Being checked")
    IN_REVIEW = "in_review", pgettext_lazy("application status", "In review")
    INFO_REQUESTED = (
        "info_requested",
        pgettext_lazy("application status", "More information needed"),
    )
    APPROVED = "approved", pgettext_lazy("application status", "Approved")
    ISSUED = "issued", pgettext_lazy("application status", "Issued")
    DELIVERED = "delivered", pgettext_lazy("application status", "Delivered")
    REJECTED = "rejected", pgettext_lazy("application status", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("application status", "Withdrawn")
    LAPSED = "lapsed", pgettext_lazy("application status", "Lapsed")


class Role(StrEnum):
    """In what capacity somebody acts on an application."""

    APPLICANT = "applicant"
    TECHNICAL_CONTACT = "technical_contact"
    REVIEWER = "reviewer"
    SYSTEM = "system"


class Action(StrEnum):
    """What can be done to an application."""

    SUBMIT = "submit"
    SUBMIT_WITHOUT_CSR = "submit_without_csr"
    RENAME_CONTACT = "rename_contact"
    RESEND_LINK = "resend_link"
    REVOKE_LINK = "revoke_link"
    NOT_MINE = "not_mine"
    ATTACH_CSR = "attach_csr"
    REPLACE_CSR = "replace_csr"
    RETURN_CSR = "return_csr"
    RETURN_ORDER = "return_order"
    WAIT = "wait"
    QUEUE = "queue"
    CLAIM = "claim"
    RELEASE = "release"
    CHOOSE_NAMES = "choose_names"
    ADD_INFORMATION = "add_information"
    REQUEST_INFO = "request_info"
    EXTEND_DEADLINE = "extend_deadline"
    CANCEL_REQUEST = "cancel_request"
    RESUBMIT = "resubmit"
    APPROVE = "approve"
    REJECT = "reject"
    RECALL = "recall"
    ISSUE = "issue"
    REISSUE = "reissue"
    RESTORE = "restore"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"
    DISCARD = "discard"
    LAPSE = "lapse"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Transition:
    """Who may do an action, in which statuses, and where it may lead (None: the row is gone)."""

    roles: frozenset[Role]
    sources: frozenset[Status]
    targets: frozenset[Status | None]


def _row(roles: str, sources: str, targets: str) -> Transition:
    """Read one line of the table: names separated by spaces; `-` as target means deleted."""
    return Transition(
        frozenset(Role(role) for role in roles.split()),
        frozenset(Status(status) for status in sources.split()),
        frozenset(None if name == "-" else Status(name) for name in targets.split()),
    )


# Where the technical contact's link can live: from sending the order until 30 days after delivery.
LINKED = "awaiting_csr checking in_review info_requested approved issued delivered"
OPEN_BEFORE_APPROVAL = "awaiting_csr checking in_review info_requested"

TRANSITIONS: dict[Action, Transition] = {
    Action.SUBMIT: _row("applicant", "draft", "checking"),
    Action.SUBMIT_WITHOUT_CSR: _row("applicant", "draft", "awaiting_csr"),
    Action.RENAME_CONTACT: _row("applicant", "awaiting_csr", "awaiting_csr"),
    Action.RESEND_LINK: _row("applicant", LINKED, LINKED),
    Action.REVOKE_LINK: _row("applicant", LINKED, LINKED),
    Action.NOT_MINE: _row("technical_contact", LINKED, LINKED),
    Action.ATTACH_CSR: _row("applicant technical_contact", "awaiting_csr", "checking"),
    Action.REPLACE_CSR: _row("applicant technical_contact", "checking in_review", "checking"),
    Action.RETURN_CSR: _row("system", "checking", "awaiting_csr"),
    Action.RETURN_ORDER: _row("system", "checking", "info_requested"),
    Action.WAIT: _row("system", "checking approved", "checking approved"),
    Action.QUEUE: _row("system", "checking", "in_review"),
    Action.CLAIM: _row("reviewer", "in_review", "in_review"),
    Action.RELEASE: _row("reviewer", "in_review", "in_review"),
    Action.CHOOSE_NAMES: _row("reviewer", "in_review", "in_review"),
    # Also while a question is open: an answer can need words that no part of the form has room for.
    Action.ADD_INFORMATION: _row(
        "applicant", "in_review info_requested", "in_review info_requested"
    ),
    Action.REQUEST_INFO: _row("reviewer", "in_review", "info_requested"),
    Action.EXTEND_DEADLINE: _row("reviewer", "info_requested", "info_requested"),
    Action.CANCEL_REQUEST: _row("reviewer", "info_requested", "in_review"),
    Action.RESUBMIT: _row("applicant", "info_requested", "checking"),
    Action.APPROVE: _row("reviewer", "in_review", "in_review approved"),
    Action.REJECT: _row("reviewer", "in_review info_requested", "rejected"),
    Action.RECALL: _row("system", "approved", "in_review"),
    Action.ISSUE: _row("system", "approved", "issued"),
    # Signed already, as the authority's journal knows: an older copy of the database had it here.
    Action.RESTORE: _row("system", "checking in_review info_requested", "issued"),
    # An order that the service makes itself, for a certificate that replaces another.
    Action.REISSUE: _row("system", "draft", "issued"),
    Action.DELIVER: _row("system", "issued", "delivered"),
    Action.WITHDRAW: _row("applicant", OPEN_BEFORE_APPROVAL, "withdrawn"),
    Action.DISCARD: _row("applicant system", "draft", "-"),
    Action.LAPSE: _row("system", "awaiting_csr info_requested", "lapsed"),
    Action.REOPEN: _row("reviewer", "rejected lapsed", "checking awaiting_csr"),
}

# Statuses in which an application is settled; the only such list.
ENDED = frozenset({Status.DELIVERED, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED})

# Whose move it is, for the line "who has the turn" on the account.
TURN: dict[Status, Role | None] = {
    Status.DRAFT: Role.APPLICANT,
    Status.AWAITING_CSR: Role.APPLICANT,
    Status.CHECKING: Role.SYSTEM,
    Status.IN_REVIEW: Role.REVIEWER,
    Status.INFO_REQUESTED: Role.APPLICANT,
    Status.APPROVED: Role.SYSTEM,
    Status.ISSUED: Role.SYSTEM,
} | dict.fromkeys(ENDED)

# The stages a customer follows; a status stands in one of them.
STAGES: tuple[tuple[Status, ...], ...] = (
    (Status.DRAFT,),
    (Status.AWAITING_CSR, Status.CHECKING),
    (Status.IN_REVIEW, Status.INFO_REQUESTED),
    (Status.APPROVED, Status.ISSUED),
    (Status.DELIVERED,),
)


def may(action: Action, status: str, role: Role) -> bool:
    """Return whether the table lets the role do the action in the status."""
    row = TRANSITIONS[action]
    return role in row.roles and Status(status) in row.sources


def actions(status: str, role: Role) -> list[Action]:
    """Return what the role may do in the status, in the table's order."""
    return [action for action in TRANSITIONS if may(action, status, role)]
