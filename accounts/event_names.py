"""Names and words of the events that accounts and the register record."""

from enum import auto

from django.utils.translation import gettext_lazy as _

from certportal.foundation.event_names import OBJECTS, EventName


class AccountEvent(EventName):
    @staticmethod
    def _generate_next_value_(name: str, *_others: object) -> str:
        """Return the stored name of `auto()`: the kind of object that begins `name`, and the rest.

        `MEMBERSHIP_ROLE_CHANGED` is stored as `membership.role_changed`.
        """
        kind = max((kind for kind in OBJECTS if name.lower().startswith(f"{kind}_")), key=len)
        return f"{kind}.{name.lower().removeprefix(f'{kind}_')}"

    PERSON_IDENTIFIED = auto(), _("Identified and logged in")
    PERSON_IDENTIFIER_STORED = auto(), _("The hash by which the person is recognised was stored")
    PERSON_LOGGED_OUT = auto(), _("Logged out")
    PERSON_LOGGED_OUT_BY_PROVIDER = auto(), _("Logged out by the identification service")
    PERSON_SESSION_ENDED = auto(), _("A session was ended")
    PERSON_EMAIL_CODE_ASKED = auto(), _("A code was sent to confirm an email address")
    PERSON_EMAIL_VERIFIED = auto(), _("The email address was confirmed")
    PERSON_LANGUAGE_CHOSEN = auto(), _("The language was chosen")
    PERSON_MAILS_CHOSEN = auto(), _("The choice of emails was changed")
    PERSON_MERGED = auto(), _("Two records of the same person were joined")
    PERSON_ERASED = auto(), _("The personal data were erased")
    SECOND_FACTOR_ADDED = auto(), _("A second factor was added")
    SECOND_FACTOR_PROVEN = auto(), _("Confirmed with the second factor")
    SECOND_FACTOR_REMOVED = auto(), _("A second factor was removed")
    SECOND_FACTOR_RESET = auto(), _("The second factors were reset")
    SECOND_FACTOR_CODES_MADE = auto(), _("New recovery codes were made")
    SECOND_FACTOR_SEALED_ANEW = (
        auto(),
        _("The secret of a second factor was encrypted under the newest key of the service"),
    )
    STAFF_ROLE_GRANTED = auto(), _("A role at the agency was given")
    STAFF_ROLE_ENDED = auto(), _("A role at the agency was taken away")
    LOGIN_MADE_SUPERUSER = auto(), _("The settings were opened to the login")
    LOGIN_SUPERUSER_ENDED = auto(), _("The settings were closed to the login")
    ORGANISATION_FOUNDED = auto(), _("A customer account was created")
    ORGANISATION_RENAMED = auto(), _("The name of a customer account was updated from the register")
    ORGANISATION_SUCCEEDED = (
        auto(),
        _("A customer account was handed over to the successor of the organisation"),
    )
    MEMBERSHIP_RECORDED = auto(), _("A role in a customer account was recorded")
    MEMBERSHIP_ROLE_CHANGED = auto(), _("A role in a customer account was changed")
    MEMBERSHIP_RIGHT_CONFIRMED = auto(), _("The authority to act for an organisation was confirmed")
    MEMBERSHIP_RIGHT_SHOWN = (
        auto(),
        _("A register of roles and mandates confirmed the authority to act for an organisation"),
    )
    MEMBERSHIP_REMOVED = auto(), _("Removed from a customer account")
    MEMBERSHIP_LEFT = auto(), _("Left a customer account")
    MEMBERSHIP_ENDED_BY_AUTHORITY = auto(), _("The agency ended a membership in a customer account")
    MEMBERSHIP_RIGHT_WITHDRAWN = (
        auto(),
        _("An authority to act for an organisation is no longer confirmed"),
    )
    ORGANISATION_CLOSED = auto(), _("The agency closed a customer account")
    ADMINISTRATOR_REQUEST_MADE = auto(), _("Asked the agency to be made an administrator")
    ADMINISTRATOR_REQUEST_GRANTED = auto(), _("A request for a new administrator was granted")
    ADMINISTRATOR_REQUEST_REFUSED = auto(), _("A request for a new administrator was refused")
    ADMINISTRATOR_REQUEST_TAKEN_BACK = auto(), _("A request for a new administrator was taken back")
    RIGHT_DOCUMENT_HANDED_IN = auto(), _("A document about the authority to act was uploaded")
    RIGHT_DOCUMENT_TAKEN_BACK = auto(), _("A document about the authority to act was taken away")
    PERSON_VIRUS_REFUSED = auto(), _("A document with a virus was refused")
    INVITATION_MADE = auto(), _("An invitation was sent")
    INVITATION_RESENT = auto(), _("An invitation was sent again")
    INVITATION_ACCEPTED = auto(), _("An invitation was accepted")
    INVITATION_REVOKED = auto(), _("An invitation was cancelled")
    INVITATION_CODE_ASKED = auto(), _("A code was sent to the address that had been invited")
    JOIN_REQUEST_MADE = auto(), _("Asked to be invited to a customer account")
    JOIN_REQUEST_REPEATED = auto(), _("Asked again to be invited to a customer account")
    JOIN_REQUEST_TAKEN_BACK = (
        auto(),
        _("A request to be invited to a customer account was taken back"),
    )
    CONSENT_GIVEN = (
        "supplier_consent.given",
        _("A supplier was allowed to act as the organisation's technical contact"),
    )
    CONSENT_ENDED = (
        "supplier_consent.ended",
        _("A supplier's permission to act as the organisation's technical contact was ended"),
    )
    CONSENT_RESIGNED = (
        "supplier_consent.resigned",
        _("A supplier gave up acting as the organisation's technical contact"),
    )
    IDENTIFIERS_SUPERSEDED_DROPPED = (
        "identifiers.superseded_dropped",
        _("Hashes of identity codes under an old key were deleted"),
    )
    REGISTER_DONE = "register.done", _("The register was imported")
    REGISTER_HELD = "register.held", _("An import of the register was held for a decision")
    REGISTER_FAILED = "register.failed", _("An import of the register failed")
    REGISTER_HELD_ACCEPTED = (
        "register.held_accepted",
        _("A held import of the register was accepted"),
    )
