"""What the authority does, one function per act; the only writers of its tables."""

from issuance.services.approve import ApprovalState, approve
from issuance.services.approve_many import approve_all
from issuance.services.confirmed import issue_all_confirmed, issue_confirmed
from issuance.services.examine import examine_for_operator, examine_for_visitor
from issuance.services.issue import issue, issue_all
from issuance.services.keys import block_key, import_keys, is_blocked
from issuance.services.leaks import report_leaked_key, revoke_key
from issuance.services.possession import challenge, open_challenge, prove
from issuance.services.prepare import prepare, prepare_all, void
from issuance.services.publish import publish_crl, publish_crl_with, publish_crls
from issuance.services.reconcile import reconcile
from issuance.services.respond import answer, publish_response_with, refresh_responses
from issuance.services.revoke import REASONS, revoke

__all__ = [
    "REASONS",
    "ApprovalState",
    "answer",
    "approve",
    "approve_all",
    "block_key",
    "challenge",
    "examine_for_operator",
    "examine_for_visitor",
    "import_keys",
    "is_blocked",
    "issue",
    "issue_all",
    "issue_all_confirmed",
    "issue_confirmed",
    "open_challenge",
    "prepare",
    "prepare_all",
    "prove",
    "publish_crl",
    "publish_crl_with",
    "publish_crls",
    "publish_response_with",
    "reconcile",
    "refresh_responses",
    "report_leaked_key",
    "revoke",
    "revoke_key",
    "void",
]
