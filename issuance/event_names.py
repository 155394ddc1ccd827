"""Names and words of the events that the certificate authority records."""

from enum import auto

from django.utils.translation import gettext_lazy as _

from certportal.foundation.event_names import EventName


class IssuanceEvent(EventName):
    @staticmethod
    def _generate_next_value_(name: str, *_others: object) -> str:
        """Return the stored name of a member whose value is `auto()`."""
        return f"issuance.{name.lower()}"

    PREPARED = auto(), _("The certificate was prepared for approval")
    APPROVED = auto(), _("The certificate was approved for signing")
    VOIDED = auto(), _("A prepared certificate was made void")
    SIGNING = auto(), _("Signing of the certificate was begun")
    ISSUED = auto(), _("The certificate was signed")
    RESTORED = auto(), _("The certificate was restored from the journal")
    DISOWNED = auto(), _("A certificate was issued for an order that nobody had approved")
    REFUSED = auto(), _("The certificate authority refused to sign the certificate")
    REVOKED = auto(), _("The certificate was revoked")
    SERIAL_REVOKED = auto(), _("The serial number of a lost signature was revoked")
    SIGNING_TAKEN_OVER = auto(), _("Another machine took over the signing")
    KEY_BLOCKED = auto(), _("A key was blocked")
    KEYS_IMPORTED = auto(), _("A list of blocked keys was imported")
    KEYS_LISTED = auto(), _("Keys of an imported list were blocked")
    BLOCK_END_PROPOSED = auto(), _("The end of blocks recorded by mistake was proposed")
    BLOCK_END_DROPPED = auto(), _("The end of blocks was not confirmed")
    BLOCKS_ENDED = auto(), _("Blocks of keys recorded by mistake were ended")
    KEY_PROOF = auto(), _("Possession of an exposed key was proven")
    CRL = auto(), _("A revocation list was published")
    CRL_STOPPED = (
        auto(),
        _("The revocation list differed from the database, so no new one is published"),
    )
    ROOT_CRL = auto(), _("A revocation list of the root was published")
    OCSP_RESPONDER = auto(), _("An OCSP responder was certified")
    CA_REGISTERED = auto(), _("A certificate authority was taken into the service")
    CA_STANDBY = auto(), _("A certificate authority was put on standby")
    CA_ACTIVE = auto(), _("A certificate authority began to issue")
    CA_RETIRED = auto(), _("A certificate authority was retired")
    CA_REVOKED = auto(), _("A certificate authority was revoked")
    APPROVER_ENROLLED = (
        auto(),
        _("The passkey of a reviewer was enrolled with the certificate authority"),
    )
    APPROVER_REFUSED = (
        auto(),
        _("A reviewer's passkey was not enrolled: it is not the one that was read out"),
    )
    APPROVER_ENDED = auto(), _("The enrolment of a reviewer's passkey was ended")
    LOG_ANCHORED = auto(), _("The head of the log of events was put outside it")
    LOG_STAMPED = (
        auto(),
        _("The head of the log of events was given a time stamp by another service"),
    )
    AUDIT_SETTLED = (
        auto(),
        _("Differences between the log of events and the database were declared explained"),
    )
    CEREMONY_RECORDED = auto(), _("The record of a key ceremony was kept")
    SEAL_REGISTERED = auto(), _("A seal was taken into the service")
    PAPER_MADE = auto(), _("A document was made and given to be sealed")
    PAPER_SEALED = auto(), _("A document was sealed")
