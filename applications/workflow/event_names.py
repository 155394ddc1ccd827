"""Names of the events that the registration authority records, with their texts."""

from django.utils.translation import gettext_lazy as _

from applications.workflow.table import Action
from certportal.foundation.event_names import EventName


class ApplicationEvent(EventName):
    """Events of orders, register tasks and mass replacements; an action's is named after it."""

    START = "application.start", _("The order was begun")
    EDIT = "application.edit", _("The applicant changed the order")
    ASK_MAILBOX_CODE = (
        "application.ask_mailbox_code",
        _("A code was sent to the mailbox to be certified"),
    )
    PROVE_MAILBOX = (
        "application.prove_mailbox",
        _("The mailbox to be certified was proven by the code"),
    )
    UPLOAD_CSR = "application.upload_csr", _("A certificate request was uploaded")
    CSR_REFUSED = "application.csr_refused", _("An unfit certificate request was refused")
    CHOOSE_CSR = "application.choose_csr", _("The certificate request was chosen")
    ADD_ATTACHMENT = "application.add_attachment", _("A document was attached")
    REMOVE_ATTACHMENT = "application.remove_attachment", _("An attached document was taken away")
    ADD_HEARING_DOCUMENT = (
        "application.add_hearing_document",
        _("A reviewer attached a document to a hearing"),
    )
    REMOVE_HEARING_DOCUMENT = (
        "application.remove_hearing_document",
        _("A document that did not go with a hearing was taken away"),
    )
    HEARING_DOCUMENT_TAKEN = (
        "application.hearing_document_taken",
        _("The agency downloaded a document of a hearing"),
    )
    LINK_SENT = "application.link_sent", _("A link was sent to the technical contact")
    LINK_OPENED = "application.link_opened", _("The technical contact opened the link")
    RENAME_CONTACT = (
        "application.rename_contact",
        _("The applicant named another technical contact"),
    )
    RESEND_LINK = (
        "application.resend_link",
        _("The applicant had the technical contact's link sent again"),
    )
    REVOKE_LINK = "application.revoke_link", _("The applicant ended the technical contact's link")
    LINKS_ENDED = "application.links_ended", _("The technical contacts' links were ended")
    NOT_MINE = "application.not_mine", _("The technical contact said the order is not theirs")
    ATTACH_CSR = "application.attach_csr", _("The certificate request was attached")
    REPLACE_CSR = "application.replace_csr", _("The certificate request was replaced")
    PROPOSE_NAMES = (
        "application.propose_names",
        _("The host names were proposed with the certificate request"),
    )
    CONFIRM_NAMES = "application.confirm_names", _("The applicant confirmed the host names")
    RETURN_NAMES = "application.return_names", _("The applicant sent the host names back")
    VIRUS_REFUSED = (
        "application.virus_refused",
        _("An uploaded file was refused: it carries a virus"),
    )
    PRIVATE_KEY_REFUSED = (
        "application.private_key_refused",
        _("An upload with a private key was refused"),
    )
    SUBMIT = "application.submit", _("The order was submitted")
    SUBMIT_WITHOUT_CSR = (
        "application.submit_without_csr",
        _("The order was submitted without a request (CSR)"),
    )
    RETURN_CSR = "application.return_csr", _("The checks returned the certificate request")
    RETURN_ORDER = "application.return_order", _("The checks returned the order to the applicant")
    WAIT = "application.wait", _("The checks wait for a source that does not answer")
    QUEUE = "application.queue", _("The order passed the checks and came to review")
    CLAIM = "application.claim", _("A reviewer took the case")
    RELEASE = "application.release", _("The reviewer gave the case back")
    SET_ASIDE = "application.set_aside", _("The reviewer set the case aside until a day")
    HAND_OVER = "application.hand_over", _("The reviewer handed the case over to another")
    TAKE_OVER = "application.take_over", _("A reviewer took the case over from another")
    NOTE = "application.note", _("A reviewer wrote an internal note")
    SET_EVIDENCE = "application.set_evidence", _("Evidence for a host name was recorded")
    DROP_EVIDENCE = "application.drop_evidence", _("Evidence for a host name was taken away")
    DOMAIN_ASKED = "domain.asked", _("The DNS record of a domain was asked for")
    DOMAIN_LOOKED_UP = "domain.looked_up", _("The DNS record of a domain was looked up")
    DOMAIN_FORGOTTEN = "domain.forgotten", _("A domain was taken off the organisation's list")
    CHOOSE_NAMES = "application.choose_names", _("The names in the certificate were chosen")
    WAIVE = "application.waive", _("A finding of the checks was waived")
    WAIVER_CONFIRMED = "application.waiver_confirmed", _("A second reviewer confirmed the waiver")
    WAIVER_WITHDRAWN = "application.waiver_withdrawn", _("A reviewer withdrew a waiver")
    ADD_INFORMATION = "application.add_information", _("The applicant added information")
    REQUEST_INFO = "application.request_info", _("More information was requested")
    HEAR = "application.hear", _("The applicant is heard before a rejection")
    EXTEND_DEADLINE = "application.extend_deadline", _("The deadline for the answer was extended")
    TERM_ENDED = "application.term_ended", _("No answer came in time: handling time continues")
    CANCEL_REQUEST = "application.cancel_request", _("The request to the applicant was taken back")
    RESUBMIT = "application.resubmit", _("The applicant answered and submitted again")
    ANSWER_HEARING = "application.answer_hearing", _("The applicant answered the hearing")
    APPROVE = "application.approve", _("The certificate was approved")
    REJECT = "application.reject", _("The order was rejected")
    RECALL = "application.recall", _("The order came back to review before signing")
    ISSUE = "application.issue", _("The certificate was issued")
    RESTORE = (
        "application.restore",
        _("The certificate had been issued already, as a backup did not know"),
    )
    REISSUE = "application.reissue", _("A new certificate was issued in place of an earlier one")
    REPLACED = "application.replaced", _("The certificate was replaced by a new one")
    DELIVER = "application.deliver", _("The certificate was delivered")
    INSTALLED = "application.installed", _("The certificate was said to be in use")
    EXPIRY_SEEN = (
        "application.expiry_seen",
        _("Somebody said that they are taking care of the next certificate"),
    )
    DOWNLOAD = "application.download", _("A file of the certificate was downloaded")
    CERTIFICATE_TAKEN = (
        "application.certificate_taken",
        _("The agency downloaded a file of the certificate"),
    )
    CASE_VIEWED = "application.case_viewed", _("An auditor looked at the case")
    PAGE_VIEWED = (
        "page.viewed",
        _("An auditor looked at a list, or at the page about a person, an organisation or a key"),
    )
    DOCUMENT_TAKEN = (
        "person.document_taken",
        _("The agency downloaded a document that the person had uploaded"),
    )
    LIST_EXPORTED = "list.exported", _("A list was downloaded from the console as a file")
    REVOKE = "application.revoke", _("The applicant had the certificate revoked")
    REVOKE_EXPOSED = (
        "application.revoke_exposed",
        _("A reviewer revoked the certificate: the key was exposed or may have been"),
    )
    REVOCATION_PROPOSED = (
        "application.revocation_proposed",
        _("A reviewer proposed to revoke the certificate"),
    )
    REVOCATION_CONFIRMED = (
        "application.revocation_confirmed",
        _("A second reviewer confirmed the revocation"),
    )
    REVOCATION_DECLINED = (
        "application.revocation_declined",
        _("A second reviewer declined the revocation"),
    )
    REVOCATION_WITHDRAWN = (
        "application.revocation_withdrawn",
        _("The reviewer took the proposal to revoke back"),
    )
    SUCCEED = (
        "application.succeed",
        _("The order was handed over to the successor of the organisation"),
    )
    WITHDRAW = "application.withdraw", _("The applicant withdrew the order")
    DISCARD = "application.discard", _("The draft was deleted")
    LAPSE = "application.lapse", _("The order lapsed")
    END_WITH_ACCOUNT = (
        "application.end_with_account",
        _("The order ended: the agency closed the account"),
    )
    REOPEN = "application.reopen", _("The order was taken up again")
    ERASE = "application.erase", _("The personal data of the order were erased")
    CORRECT_ADDRESS = (
        "application.correct_address",
        _("A reviewer corrected an email address of the order"),
    )
    ACCESS_REFUSED = (
        "application.access_refused",
        _("The order was asked for without the right to see it"),
    )
    REGISTER_TASK_OPENED = (
        "register_task.opened",
        _("A change in the register came to be looked at"),
    )
    REGISTER_TASK_DECIDED = "register_task.decided", _("A change in the register was dealt with")
    REPLACEMENT_PLANNED = "replacement.planned", _("A mass replacement of certificates was planned")
    REPLACEMENT_APPROVED = (
        "replacement.approved",
        _("A mass replacement of certificates was approved"),
    )
    REPLACEMENT_RELEASED = (
        "replacement.released",
        _("Certificates of a mass replacement were released for signing"),
    )
    REPLACEMENT_RESUMED = "replacement.resumed", _("A mass replacement of certificates was resumed")
    REPLACEMENT_REVOKED = (
        "replacement.revoked",
        _("The certificates replaced in a mass replacement were revoked"),
    )
    REVOCATION_REPORTED = (
        "application.revocation_reported",
        _("Somebody outside the service asked for the revocation"),
    )
    READY_REASON_WRITTEN = "ready_reason.written", _("A ready-made reason was written or changed")
    READY_REASON_ENDED = "ready_reason.ended", _("A ready-made reason is no longer offered")


def event_of(action: Action) -> ApplicationEvent:
    """Return the event that is recorded when the action is carried out."""
    return ApplicationEvent(f"application.{action}")
