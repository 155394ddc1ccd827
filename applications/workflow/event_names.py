"""Names of the events that the registration authority records, with their texts."""

from enum import auto

from django.utils.translation import gettext_lazy as _

from applications.workflow.table import Action
from certportal.foundation.event_names import EventName


class ApplicationEvent(EventName):
    """Events of orders, register tasks and mass replacements; an action's is named after it."""

    @staticmethod
    def _generate_next_value_(name: str, *_others: object) -> str:
        """Return the stored name of a member whose value is `auto()`."""
        return f"application.{name.lower()}"

    START = auto(), _("The order was begun")
    EDIT = auto(), _("The applicant changed the order")
    ASK_MAILBOX_CODE = auto(), _("A code was sent to the mailbox to be certified")
    PROVE_MAILBOX = auto(), _("The mailbox to be certified was proven by the code")
    UPLOAD_CSR = auto(), _("A certificate request was uploaded")
    CSR_REFUSED = auto(), _("An unfit certificate request was refused")
    CHOOSE_CSR = auto(), _("The certificate request was chosen")
    ADD_ATTACHMENT = auto(), _("A document was attached")
    REMOVE_ATTACHMENT = auto(), _("An attached document was taken away")
    ADD_HEARING_DOCUMENT = auto(), _("A reviewer attached a document to a hearing")
    REMOVE_HEARING_DOCUMENT = auto(), _("A document that did not go with a hearing was taken away")
    HEARING_DOCUMENT_TAKEN = auto(), _("The agency downloaded a document of a hearing")
    LINK_SENT = auto(), _("A link was sent to the technical contact")
    LINK_OPENED = auto(), _("The technical contact opened the link")
    RENAME_CONTACT = auto(), _("The applicant named another technical contact")
    RESEND_LINK = auto(), _("The applicant had the technical contact's link sent again")
    REVOKE_LINK = auto(), _("The applicant ended the technical contact's link")
    LINKS_ENDED = auto(), _("The technical contacts' links were ended")
    NOT_MINE = auto(), _("The technical contact said the order is not theirs")
    ATTACH_CSR = auto(), _("The certificate request was attached")
    REPLACE_CSR = auto(), _("The certificate request was replaced")
    PROPOSE_NAMES = auto(), _("The host names were proposed with the certificate request")
    CONFIRM_NAMES = auto(), _("The applicant confirmed the host names")
    RETURN_NAMES = auto(), _("The applicant sent the host names back")
    VIRUS_REFUSED = auto(), _("An uploaded file was refused: it carries a virus")
    PRIVATE_KEY_REFUSED = auto(), _("An upload with a private key was refused")
    SUBMIT = auto(), _("The order was submitted")
    SUBMIT_WITHOUT_CSR = auto(), _("The order was submitted without a request (CSR)")
    RETURN_CSR = auto(), _("The checks returned the certificate request")
    RETURN_ORDER = auto(), _("The checks returned the order to the applicant")
    WAIT = auto(), _("The checks wait for a source that does not answer")
    QUEUE = auto(), _("The order passed the checks and came to review")
    CLAIM = auto(), _("A reviewer took the case")
    RELEASE = auto(), _("The reviewer gave the case back")
    SET_ASIDE = auto(), _("The reviewer set the case aside until a day")
    HAND_OVER = auto(), _("The reviewer handed the case over to another")
    TAKE_OVER = auto(), _("A reviewer took the case over from another")
    NOTE = auto(), _("A reviewer wrote an internal note")
    SET_EVIDENCE = auto(), _("Evidence for a host name was recorded")
    DROP_EVIDENCE = auto(), _("Evidence for a host name was taken away")
    DOMAIN_ASKED = "domain.asked", _("The DNS record of a domain was asked for")
    DOMAIN_LOOKED_UP = "domain.looked_up", _("The DNS record of a domain was looked up")
    DOMAIN_FORGOTTEN = "domain.forgotten", _("A domain was taken off the organisation's list")
    CHOOSE_NAMES = auto(), _("The names in the certificate were chosen")
    WAIVE = auto(), _("A finding of the checks was waived")
    WAIVER_CONFIRMED = auto(), _("A second reviewer confirmed the waiver")
    WAIVER_WITHDRAWN = auto(), _("A reviewer withdrew a waiver")
    ADD_INFORMATION = auto(), _("The applicant added information")
    REQUEST_INFO = auto(), _("More information was requested")
    HEAR = auto(), _("The applicant is heard before a rejection")
    EXTEND_DEADLINE = auto(), _("The deadline for the answer was extended")
    TERM_ENDED = auto(), _("No answer came in time: handling time continues")
    CANCEL_REQUEST = auto(), _("The request to the applicant was taken back")
    RESUBMIT = auto(), _("The applicant answered and submitted again")
    ANSWER_HEARING = auto(), _("The applicant answered the hearing")
    APPROVE = auto(), _("The certificate was approved")
    REJECT = auto(), _("The order was rejected")
    RECALL = auto(), _("The order came back to review before signing")
    ISSUE = auto(), _("The certificate was issued")
    RESTORE = auto(), _("The certificate had been issued already, as a backup did not know")
    REISSUE = auto(), _("A new certificate was issued in place of an earlier one")
    REPLACED = auto(), _("The certificate was replaced by a new one")
    DELIVER = auto(), _("The certificate was delivered")
    INSTALLED = auto(), _("The certificate was said to be in use")
    EXPIRY_SEEN = auto(), _("Somebody said that they are taking care of the next certificate")
    DOWNLOAD = auto(), _("A file of the certificate was downloaded")
    CERTIFICATE_TAKEN = auto(), _("The agency downloaded a file of the certificate")
    CASE_VIEWED = auto(), _("An auditor looked at the case")
    PAGE_VIEWED = (
        "page.viewed",
        _("An auditor looked at a list, or at the page about a person, an organisation or a key"),
    )
    DOCUMENT_TAKEN = (
        "person.document_taken",
        _("The agency downloaded a document that the person had uploaded"),
    )
    LIST_EXPORTED = "list.exported", _("A list was downloaded from the console as a file")
    REVOKE = auto(), _("The applicant had the certificate revoked")
    REVOKE_EXPOSED = (
        auto(),
        _("A reviewer revoked the certificate: the key was exposed or may have been"),
    )
    REVOCATION_PROPOSED = auto(), _("A reviewer proposed to revoke the certificate")
    REVOCATION_CONFIRMED = auto(), _("A second reviewer confirmed the revocation")
    REVOCATION_DECLINED = auto(), _("A second reviewer declined the revocation")
    REVOCATION_WITHDRAWN = auto(), _("The reviewer took the proposal to revoke back")
    SUCCEED = auto(), _("The order was handed over to the successor of the organisation")
    WITHDRAW = auto(), _("The applicant withdrew the order")
    DISCARD = auto(), _("The draft was deleted")
    LAPSE = auto(), _("The order lapsed")
    END_WITH_ACCOUNT = auto(), _("The order ended: the agency closed the account")
    REOPEN = auto(), _("The order was taken up again")
    ERASE = auto(), _("The personal data of the order were erased")
    CORRECT_ADDRESS = auto(), _("A reviewer corrected an email address of the order")
    ACCESS_REFUSED = auto(), _("The order was asked for without the right to see it")
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
    REVOCATION_REPORTED = auto(), _("Somebody outside the service asked for the revocation")
    READY_REASON_WRITTEN = "ready_reason.written", _("A ready-made reason was written or changed")
    READY_REASON_ENDED = "ready_reason.ended", _("A ready-made reason is no longer offered")


def event_of(action: Action) -> ApplicationEvent:
    """Return the event that is recorded when the action is carried out."""
    return ApplicationEvent(f"application.{action}")
