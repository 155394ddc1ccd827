"""The state machine of an application as a table of data.

Buttons, permissions, the status page and an exhaustive test are derived from it. The stages follow
hallintolaki (434/2003) 19–23 and 33 § and the service description.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import pgettext_lazy


class Status(TextChoices):
    DRAFT = "draft", pgettext_lazy("application status", "Draft")
    AWAITING_CSR = "awaiting_csr", pgettext_lazy("application status", "Waiting for the CSR")
    NAMES_PROPOSED = (
        "names_proposed",
        pgettext_lazy("application status", "Host names to be confirmed"),
    )
    CHECKING = "checking", pgettext_lazy("application status", "Being checked")
    IN_REVIEW = "in_review", pgettext_lazy("application status", "In review")
    INFO_REQUESTED = (
        "info_requested",
        pgettext_lazy("application status", "Waiting for the applicant's reply"),
    )
    APPROVED = "approved", pgettext_lazy("application status", "Approved")
    ISSUED = "issued", pgettext_lazy("application status", "Issued")
    DELIVERED = "delivered", pgettext_lazy("application status", "Delivered")
    REJECTED = "rejected", pgettext_lazy("application status", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("application status", "Withdrawn")
    LAPSED = "lapsed", pgettext_lazy("application status", "Lapsed")


class Role(StrEnum):
    """The role in which somebody acts on an application."""

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
    PROPOSE_NAMES = "propose_names"
    CONFIRM_NAMES = "confirm_names"
    RETURN_NAMES = "return_names"
    RETURN_CSR = "return_csr"
    RETURN_ORDER = "return_order"
    WAIT = "wait"
    QUEUE = "queue"
    CLAIM = "claim"
    RELEASE = "release"
    SET_ASIDE = "set_aside"
    HAND_OVER = "hand_over"
    TAKE_OVER = "take_over"
    CHOOSE_NAMES = "choose_names"
    WAIVE = "waive"
    ADD_INFORMATION = "add_information"
    REQUEST_INFO = "request_info"
    HEAR = "hear"
    EXTEND_DEADLINE = "extend_deadline"
    CANCEL_REQUEST = "cancel_request"
    RESUBMIT = "resubmit"
    ANSWER_HEARING = "answer_hearing"
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
    END_WITH_ACCOUNT = "end_with_account"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Transition:
    """Who may do an action, in which statuses, and to which it may lead (None: deleted)."""

    roles: frozenset[Role]
    sources: frozenset[Status]
    targets: frozenset[Status | None]


def _row(roles: str, sources: str, targets: str) -> Transition:
    """Parse a row of the table: names separated by spaces; the target `-` means deleted."""
    return Transition(
        frozenset(Role(role) for role in roles.split()),
        frozenset(Status(status) for status in sources.split()),
        frozenset(None if name == "-" else Status(name) for name in targets.split()),
    )


# Statuses in which links of the technical contact can be valid; for how long after delivery, see
# `applications.rules.contact_links`.
LINKED = "awaiting_csr names_proposed checking in_review info_requested approved issued delivered"
OPEN_BEFORE_APPROVAL = "awaiting_csr names_proposed checking in_review info_requested"
# The order waits for the request, or for the host names that come with it.
BEFORE_CHECKS = "awaiting_csr names_proposed"
# Statuses in which a reviewer may hold the case.
HELD = "in_review info_requested"

TRANSITIONS: dict[Action, Transition] = {
    Action.SUBMIT: _row("applicant", "draft", "checking"),
    Action.SUBMIT_WITHOUT_CSR: _row("applicant", "draft", "awaiting_csr"),
    Action.RENAME_CONTACT: _row("applicant", BEFORE_CHECKS, BEFORE_CHECKS),
    Action.RESEND_LINK: _row("applicant", LINKED, LINKED),
    Action.REVOKE_LINK: _row("applicant", LINKED, LINKED),
    Action.NOT_MINE: _row("technical_contact", LINKED, LINKED),
    Action.ATTACH_CSR: _row("applicant technical_contact", "awaiting_csr", "checking"),
    Action.REPLACE_CSR: _row("applicant technical_contact", "checking in_review", "checking"),
    # Where the order leaves the host names open, they come with the request (in place of
    # ATTACH_CSR), and count once the applicant has confirmed them.
    Action.PROPOSE_NAMES: _row("applicant technical_contact", BEFORE_CHECKS, "names_proposed"),
    Action.CONFIRM_NAMES: _row("applicant", "names_proposed", "checking"),
    Action.RETURN_NAMES: _row("applicant", "names_proposed", "awaiting_csr"),
    Action.RETURN_CSR: _row("system", "checking", "awaiting_csr"),
    Action.RETURN_ORDER: _row("system", "checking", "info_requested"),
    Action.WAIT: _row("system", "checking approved", "checking approved"),
    Action.QUEUE: _row("system", "checking", "in_review"),
    Action.CLAIM: _row("reviewer", "in_review", "in_review"),
    Action.RELEASE: _row("reviewer", "in_review", "in_review"),
    Action.SET_ASIDE: _row("reviewer", "in_review", "in_review"),
    # Also while the applicant is asked, because the case's holder may be absent meanwhile.
    Action.HAND_OVER: _row("reviewer", HELD, HELD),
    Action.TAKE_OVER: _row("reviewer", HELD, HELD),
    Action.CHOOSE_NAMES: _row("reviewer", "in_review", "in_review"),
    Action.WAIVE: _row("reviewer", "in_review", "in_review"),
    # While a request is open, a text is sent with its answer: RESUBMIT.
    Action.ADD_INFORMATION: _row("applicant", "in_review", "in_review"),
    Action.REQUEST_INFO: _row("reviewer", "in_review", "info_requested"),
    # Also replaces a request that was not answered in time, before a rejection.
    Action.HEAR: _row("reviewer", "in_review info_requested", "info_requested"),
    Action.EXTEND_DEADLINE: _row("reviewer", "info_requested", "info_requested"),
    Action.CANCEL_REQUEST: _row("reviewer", "info_requested", "in_review"),
    Action.RESUBMIT: _row("applicant", "info_requested", "checking"),
    # With text alone: what prevents the order from being sent again may be the hearing's subject.
    Action.ANSWER_HEARING: _row("applicant", "info_requested", "in_review"),
    Action.APPROVE: _row("reviewer", "in_review", "in_review approved"),
    Action.REJECT: _row("reviewer", "in_review info_requested", "rejected"),
    Action.RECALL: _row("system", "approved", "in_review"),
    Action.ISSUE: _row("system", "approved", "issued"),
    # After a restore from a backup: the CA's journal has a certificate that the backup lacks.
    Action.RESTORE: _row("system", "checking in_review info_requested", "issued"),
    # The order that the service itself creates for a certificate of a mass replacement.
    Action.REISSUE: _row("system", "draft", "issued"),
    Action.DELIVER: _row("system", "issued", "delivered"),
    Action.WITHDRAW: _row("applicant", OPEN_BEFORE_APPROVAL, "withdrawn"),
    Action.DISCARD: _row("applicant system", "draft", "-"),
    Action.LAPSE: _row("system", f"{BEFORE_CHECKS} info_requested", "lapsed"),
    # The authority closed the account, so nobody acts for the party any more. An approved order
    # ends only if it is not being signed.
    Action.END_WITH_ACCOUNT: _row("reviewer", f"{OPEN_BEFORE_APPROVAL} approved", "lapsed"),
    Action.REOPEN: _row("reviewer", "rejected lapsed", f"{BEFORE_CHECKS} checking"),
}

# Statuses in which an application has ended; the only such list.
ENDED = frozenset({Status.DELIVERED, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED})

# Statuses of a case that has not ended, in a fixed order, because an index has this condition.
OPEN_CASES = tuple(status for status in Status if status not in {Status.DRAFT, *ENDED})

# Whose turn it is, as shown on the account's page.
TURN: dict[Status, Role | None] = {
    Status.DRAFT: Role.APPLICANT,
    Status.AWAITING_CSR: Role.APPLICANT,
    Status.NAMES_PROPOSED: Role.APPLICANT,
    Status.CHECKING: Role.SYSTEM,
    Status.IN_REVIEW: Role.REVIEWER,
    Status.INFO_REQUESTED: Role.APPLICANT,
    Status.APPROVED: Role.SYSTEM,
    Status.ISSUED: Role.SYSTEM,
} | dict.fromkeys(ENDED)

# The stages shown to applicants; a status belongs to at most one.
STAGES: tuple[tuple[Status, ...], ...] = (
    (Status.DRAFT,),
    (Status.AWAITING_CSR, Status.NAMES_PROPOSED, Status.CHECKING),
    (Status.IN_REVIEW, Status.INFO_REQUESTED),
    (Status.APPROVED, Status.ISSUED),
    (Status.DELIVERED,),
)


def sole_role(action: Action) -> Role:
    """Return the role of an action that only one role may do."""
    (role,) = TRANSITIONS[action].roles
    return role


def may(action: Action, status: str, role: Role) -> bool:
    row = TRANSITIONS[action]
    return role in row.roles and Status(status) in row.sources


def actions(status: str, role: Role) -> list[Action]:
    """Return what the role may do in the status, in the table's order."""
    return [action for action in TRANSITIONS if may(action, status, role)]
