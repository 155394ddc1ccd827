"""The services of the registration authority: one function per action.

Only they write applications.
"""

from applications.services.access_records import (
    record_attachment_taken,
    record_case_viewed,
    record_certificate_taken,
    record_download,
    record_hearing_document_taken,
    record_list_exported,
    record_page_viewed,
    record_right_document_taken,
)
from applications.services.applicant.answers import (
    add_information,
    answer_hearing,
    keep_reply,
    resubmit,
)
from applications.services.applicant.attachments import (
    add_attachment,
    attach_to_answer,
    remove_attachment,
)
from applications.services.applicant.bulk_orders import (
    count_reading,
    discard_together,
    renew_together,
    start_together,
    submit_together,
)
from applications.services.applicant.contact_links import (
    find_link,
    not_mine,
    open_link,
    rename_contact,
    resend_link,
    revoke_link,
)
from applications.services.applicant.csr import attach_csr, choose_csr, upload_csr
from applications.services.applicant.domains import forget_domain, request_lookup
from applications.services.applicant.drafts import discard, save_section, start
from applications.services.applicant.in_use import say_installed, see_to_renewal
from applications.services.applicant.mailbox import ask_mailbox_code, prove_mailbox
from applications.services.applicant.proposed_names import (
    confirm_names,
    propose_names,
    return_names,
)
from applications.services.applicant.requests_together import give_requests
from applications.services.applicant.revoke import (
    revoke,
    revoke_exposed,
    tell_key_blocked,
    tell_key_proven,
    tell_revoked,
)
from applications.services.applicant.submit import submit
from applications.services.collected import keep_one_reader
from applications.services.end_without_decision import lapse, withdraw
from applications.services.reviewer.accounts import (
    close_account,
    decide_administrator,
    end_membership,
    preview_closing,
    preview_end,
    preview_withdrawal,
    tell_administrator_asked,
    withdraw_right,
)
from applications.services.reviewer.assignment import (
    assign,
    hand_over,
    set_aside,
    take_next,
    take_over,
    write_note,
)
from applications.services.reviewer.block_endings import (
    confirm_block_end,
    drop_block_end,
    propose_block_end,
)
from applications.services.reviewer.block_keys import block_keys
from applications.services.reviewer.case import choose_names, claim, release, set_evidence
from applications.services.reviewer.decision import approve, reject, reopen, to_sign
from applications.services.reviewer.hearing_documents import attach_to_hearing, remove_from_hearing
from applications.services.reviewer.ready_reasons import end_reason, rewrite_reason, write_reason
from applications.services.reviewer.recorded_events import (
    export_events,
    look_at_events,
    prove_events,
)
from applications.services.reviewer.register_changes import (
    decide_register_task,
    propose_decided,
    want_register_watched,
    watch_register,
)
from applications.services.reviewer.register_imports import accept_held_import
from applications.services.reviewer.replaced_certificates import revoke_replaced
from applications.services.reviewer.replacement import (
    approve_plan as approve_replacement,
    confirm as confirm_replacements,
    open_plans as open_replacements,
    plan as plan_replacement,
    plan_to_sign,
    release as release_replacement,
    resume as resume_replacement,
    standing as standing_approvals,
    to_approve as to_approve_replacement,
)
from applications.services.reviewer.requests_and_hearings import (
    cancel_request,
    extend_deadline,
    request_info,
)
from applications.services.reviewer.revocation import (
    confirm_proposal,
    decline_proposal,
    propose,
    withdraw_proposal,
)
from applications.services.reviewer.revocation_report import revoke_as_told
from applications.services.reviewer.rights import confirm_right
from applications.services.reviewer.succession import preview_succession, succeed
from applications.services.reviewer.undelivered import give_up, send_again, send_corrected
from applications.services.reviewer.waivers import waive, withdraw_waiver
from applications.services.system.certificates import (
    confirm,
    recall,
    record_issued,
    record_package_sent,
)
from applications.services.system.checks import conclude, wait
from applications.services.system.domains import (
    count_seconds_of_looks,
    seconds_left_to_look,
    store_lookup,
    use_proofs,
)
from applications.services.system.erase import erase_expired
from applications.services.system.lapse import watch_drafts, watch_incomplete
from applications.services.system.papers import (
    ask_for_seal_again,
    have_sealed,
    keep_paper,
    paper_for_mail,
    want_paper,
)
from applications.services.system.renewal_reminders import remind_of_expiry
from applications.services.system.reviewer_alerts import greet_reviewers, raise_alarms
from applications.services.system.tell_undelivered import tell_undelivered
from issuance.services.issuing.to_sign import FOR_REISSUE as PERSONS_FOR_REPLACEMENT
