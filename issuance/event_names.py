"""Names and words of the events that the certificate authority records."""

from django.utils.translation import gettext_lazy as _

from certportal.foundation.event_names import EventName


class IssuanceEvent(EventName):
    """Events of certificates, keys, revocation lists and authorities."""

    PREPARED = "issuance.prepared", _("The certificate was prepared for approval")
    APPROVED = "issuance.approved", _("The certificate was approved for signing")
    VOIDED = "issuance.voided", _("A prepared certificate was made void")
    SIGNING = "issuance.signing", _("Signing of the certificate was begun")
    ISSUED = "issuance.issued", _("The certificate was signed")
    RESTORED = "issuance.restored", _("The certificate was restored from the journal")
    DISOWNED = (
        "issuance.disowned",
        _("A certificate was issued for an order that nobody had approved"),
    )
    REFUSED = "issuance.refused", _("The certificate authority refused to sign the certificate")
    REVOKED = "issuance.revoked", _("The certificate was revoked")
    SERIAL_REVOKED = (
        "issuance.serial_revoked",
        _("The serial number of a lost signature was revoked"),
    )
    SIGNING_TAKEN_OVER = "issuance.signing_taken_over", _("Another machine took over the signing")
    KEY_BLOCKED = "issuance.key_blocked", _("A key was blocked")
    KEYS_IMPORTED = "issuance.keys_imported", _("A list of blocked keys was imported")
    KEYS_LISTED = "issuance.keys_listed", _("Keys of an imported list were blocked")
    KEY_PROOF = "issuance.key_proof", _("Possession of an exposed key was proven")
    CRL = "issuance.crl", _("A revocation list was published")
    CRL_STOPPED = (
        "issuance.crl_stopped",
        _("The revocation list differed from the database, so no new one is published"),
    )
    ROOT_CRL = "issuance.root_crl", _("A revocation list of the root was published")
    OCSP_RESPONDER = "issuance.ocsp_responder", _("An OCSP responder was certified")
    CA_REGISTERED = (
        "issuance.ca_registered",
        _("A certificate authority was taken into the service"),
    )
    CA_STANDBY = "issuance.ca_standby", _("A certificate authority was put on standby")
    CA_ACTIVE = "issuance.ca_active", _("A certificate authority began to issue")
    CA_RETIRED = "issuance.ca_retired", _("A certificate authority was retired")
    CA_REVOKED = "issuance.ca_revoked", _("A certificate authority was revoked")
    APPROVER_ENROLLED = (
        "issuance.approver_enrolled",
        _("The passkey of a reviewer was enrolled with the certificate authority"),
    )
    APPROVER_REFUSED = (
        "issuance.approver_refused",
        _("A reviewer's passkey was not enrolled: it is not the one that was read out"),
    )
    APPROVER_ENDED = (
        "issuance.approver_ended",
        _("The enrolment of a reviewer's passkey was ended"),
    )
    LOG_ANCHORED = "issuance.log_anchored", _("The head of the log of events was put outside it")
    LOG_STAMPED = (
        "issuance.log_stamped",
        _("The head of the log of events was given a time stamp by another service"),
    )
    AUDIT_SETTLED = (
        "issuance.audit_settled",
        _("Differences between the log of events and the database were declared explained"),
    )
    CEREMONY_RECORDED = "issuance.ceremony_recorded", _("The record of a key ceremony was kept")
    SEAL_REGISTERED = "issuance.seal_registered", _("A seal was taken into the service")
    PAPER_MADE = "issuance.paper_made", _("A document was made and given to be sealed")
    PAPER_SEALED = "issuance.paper_sealed", _("A document was sealed")
