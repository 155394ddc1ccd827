"""The consequences of each action as data: mails and other work for the outbox."""

from dataclasses import dataclass

from applications.workflow import Action, Status


@dataclass(frozen=True, slots=True)
class Consequences:
    """The consequences of an action.

    `topics` are outbox topics to enqueue, `notices` mails as (name, recipients). If `on` is given,
    they apply only when the action led to that status. `ends_links`: all links of the technical
    contact and the deputy are revoked.
    """

    topics: tuple[str, ...] = ()
    notices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    on: Status | None = None
    ends_links: bool = False


PREPARE = "application.claimed"
"""The topic by which a case asks the CA to prepare its certificate."""
PREPARATION = (PREPARE,)
CHECKS = ("application.checks_wanted",)
APPLICANT = ("applicant",)
TOLD_OUTCOME = ("applicant", "author")
"""Who is told of the decision: the contact person, and whoever sent the order."""
PACKAGED = ("recipient", "mailbox")
"""Who gets the certificate: whom the order names for it, and the shared mailbox."""
PACKAGE = ("package", PACKAGED)

CONSEQUENCES: dict[Action, Consequences] = {
    Action.SUBMIT: Consequences(CHECKS, (("receipt", APPLICANT),)),
    Action.SUBMIT_WITHOUT_CSR: Consequences(notices=(("receipt", APPLICANT),)),
    Action.NOT_MINE: Consequences(notices=(("not_mine_told", APPLICANT),)),
    Action.ATTACH_CSR: Consequences(CHECKS, (("csr_attached", APPLICANT),)),
    Action.REPLACE_CSR: Consequences(CHECKS, (("csr_replaced", APPLICANT),)),
    Action.PROPOSE_NAMES: Consequences(notices=(("names_proposed", APPLICANT),)),
    # RETURN_NAMES: its service sends the links again, with the reason.
    Action.CONFIRM_NAMES: Consequences(CHECKS, (("receipt", APPLICANT),)),
    Action.RETURN_CSR: Consequences(notices=(("csr_returned", APPLICANT),)),
    Action.RETURN_ORDER: Consequences(notices=(("information_wanted", APPLICANT),)),
    Action.CLAIM: Consequences(PREPARATION),
    Action.CHOOSE_NAMES: Consequences(PREPARATION),
    Action.ADD_INFORMATION: Consequences(PREPARATION, (("information_added", ("reviewer",)),)),
    Action.REQUEST_INFO: Consequences(notices=(("information_wanted", APPLICANT),)),
    Action.HEAR: Consequences(notices=(("information_wanted", APPLICANT),)),
    Action.EXTEND_DEADLINE: Consequences(notices=(("deadline_extended", APPLICANT),)),
    Action.CANCEL_REQUEST: Consequences(PREPARATION, (("request_cancelled", APPLICANT),)),
    Action.ANSWER_HEARING: Consequences(PREPARATION, (("answered", ("reviewer",)),)),
    Action.RESUBMIT: Consequences(CHECKS, (("receipt", APPLICANT),)),
    Action.APPROVE: Consequences(("certificate.approved",), on=Status.APPROVED),
    Action.REJECT: Consequences(notices=(("rejected", TOLD_OUTCOME),), ends_links=True),
    Action.RECALL: Consequences(PREPARATION, (("recalled", ("reviewer",)),)),
    Action.ISSUE: Consequences(notices=(PACKAGE, ("approved", TOLD_OUTCOME))),
    Action.RESTORE: Consequences(notices=(PACKAGE,)),
    Action.REISSUE: Consequences(notices=(PACKAGE,)),
    # The notices of these three are sent by their services: the holders of links, who are told as
    # well, must be found before the links end.
    Action.WITHDRAW: Consequences(ends_links=True),
    Action.LAPSE: Consequences(ends_links=True),
    Action.END_WITH_ACCOUNT: Consequences(ends_links=True),
    Action.REOPEN: Consequences(CHECKS, (("reopened", APPLICANT),)),
}
NOTICES = {notice for follows in CONSEQUENCES.values() for notice, _to in follows.notices}
NOTHING = Consequences()


def of(action: Action, target: Status | None) -> Consequences:
    """Return the consequences of the action when it led to the target status (None: deleted)."""
    follows = CONSEQUENCES.get(action, NOTHING)
    return follows if follows.on in {None, target} else NOTHING
