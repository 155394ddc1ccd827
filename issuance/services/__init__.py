"""The services of the CA, one function for each operation; only they write its tables."""

from issuance.services.approvers.enough import ensure as ensure_approvers
from issuance.services.auditing.audit import restore_events, verify_audit
from issuance.services.auditing.settled import settle as settle_audit
from issuance.services.blocked_keys import (
    block_key,
    blocked_among,
    blocked_in_force,
    hit_by,
    import_keys,
    is_blocked,
    settle as settle_blocked_keys,
)
from issuance.services.ceremony.kept_record import have_record_sealed, keep_sealed_record
from issuance.services.csr_check import examine_for_operator, examine_for_visitor
from issuance.services.event_log.anchors import anchor
from issuance.services.event_log.build import extend as extend_event_log
from issuance.services.event_log.cosigned import consistency, keep as keep_cosigned
from issuance.services.event_log.key import is_wanted as has_event_log
from issuance.services.event_log.places import places
from issuance.services.event_log.receipts import receipts
from issuance.services.event_log.stamps import have_stamped, keep as keep_stamp
from issuance.services.event_log.witnesses import ask_all as ask_witnesses
from issuance.services.exposed_keys.given_keys import given_keys
from issuance.services.exposed_keys.leaked import report_known_keys, report_leaked_key, revoke_key
from issuance.services.exposed_keys.revoke_by_key import challenge, open_challenge, prove
from issuance.services.issuing.approve import ApprovalState, approve
from issuance.services.issuing.approve_many import approve_all, may_approve_any
from issuance.services.issuing.issue import issue, issue_all
from issuance.services.issuing.issue_confirmed import (
    issue_all_confirmed,
    issue_confirmed,
    issue_together,
)
from issuance.services.issuing.journal_approved import (
    disown,
    require_all as ensure_journal_approved,
    was_restored,
)
from issuance.services.issuing.prepare import erase, prepare, prepare_all, void, void_all
from issuance.services.recovery.reconcile import reconcile
from issuance.services.sealing import (
    MadePaper,
    ask_again,
    ask_for_seal,
    certificates_wait,
    seal_in_use,
    seal_papers,
    signature_over,
)
from issuance.services.sound_keys import record_sound, sound_among
from issuance.services.status.could_sign import (
    ensure_journal,
    ensure_journal_copied,
    ensure_pin_accepted,
    ensure_token_answers,
    keys_out_of_reach,
)
from issuance.services.status.crl_entries import Reading
from issuance.services.status.publish_crl import (
    publish_crl,
    publish_crl_with,
    publish_crls,
    publish_overdue_crls,
)
from issuance.services.status.publish_ocsp import answer, publish_response_with, refresh_responses
from issuance.services.status.revoke import REASONS, revoke
