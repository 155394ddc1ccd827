"""One function per action; the only writers of an application."""

from applications.services.answering import add_information, resubmit
from applications.services.attaching import add_attachment, remove_attachment
from applications.services.checking import conclude, wait
from applications.services.contacting import (
    find_link,
    not_mine,
    open_link,
    rename_contact,
    resend_link,
    revoke_link,
)
from applications.services.csrs import attach_csr, choose_csr, upload_csr
from applications.services.drafting import discard, save_section, start
from applications.services.ending import lapse, withdraw
from applications.services.erasing import erase_expired
from applications.services.issuing import confirm, recall, record_issued, record_package_sent
from applications.services.lapsing import watch_drafts, watch_incomplete
from applications.services.mailboxes import ask_mailbox_code, prove_mailbox
from applications.services.proposing import (
    confirm_proposal,
    decline_proposal,
    propose,
    withdraw_proposal,
)
from applications.services.registering import decide_register_task, watch_register
from applications.services.reminding import remind_of_expiry
from applications.services.replacing import approve_plan as approve_replacement
from applications.services.replacing import confirm as confirm_replacements
from applications.services.replacing import plan as plan_replacement
from applications.services.replacing import release as release_replacement
from applications.services.replacing import resume as resume_replacement
from applications.services.replacing import revoke_replaced
from applications.services.replacing import standing as standing_approvals
from applications.services.reviewing import (
    approve,
    cancel_request,
    choose_names,
    claim,
    extend_deadline,
    reject,
    release,
    reopen,
    request_info,
    set_evidence,
)
from applications.services.revoking import revoke, revoke_exposed, tell_key_proven, tell_revoked
from applications.services.submitting import submit
from applications.services.succeeding import preview_succession, succeed
from applications.services.undelivered import send_corrected
from applications.services.watching import (
    greet_reviewers,
    raise_alarms,
    tell_administrator_asked,
)
from issuance.services.approve import FOR_REISSUE as PERSONS_FOR_REPLACEMENT

__all__ = [
    "PERSONS_FOR_REPLACEMENT",
    "add_attachment",
    "add_information",
    "approve",
    "approve_replacement",
    "ask_mailbox_code",
    "attach_csr",
    "cancel_request",
    "choose_csr",
    "choose_names",
    "claim",
    "conclude",
    "confirm",
    "confirm_proposal",
    "confirm_replacements",
    "decide_register_task",
    "decline_proposal",
    "discard",
    "erase_expired",
    "extend_deadline",
    "find_link",
    "greet_reviewers",
    "lapse",
    "not_mine",
    "open_link",
    "plan_replacement",
    "preview_succession",
    "propose",
    "prove_mailbox",
    "raise_alarms",
    "recall",
    "record_issued",
    "record_package_sent",
    "reject",
    "release",
    "release_replacement",
    "remind_of_expiry",
    "remove_attachment",
    "rename_contact",
    "reopen",
    "request_info",
    "resend_link",
    "resubmit",
    "resume_replacement",
    "revoke",
    "revoke_exposed",
    "revoke_link",
    "revoke_replaced",
    "save_section",
    "send_corrected",
    "set_evidence",
    "standing_approvals",
    "start",
    "submit",
    "succeed",
    "tell_administrator_asked",
    "tell_key_proven",
    "tell_revoked",
    "upload_csr",
    "wait",
    "watch_drafts",
    "watch_incomplete",
    "watch_register",
    "withdraw",
    "withdraw_proposal",
]
