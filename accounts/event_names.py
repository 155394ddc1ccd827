"""Names and words of the events that accounts and the register record."""

from django.utils.translation import gettext_lazy as _

from certportal.foundation.event_names import EventName


class AccountEvent(EventName):
    """Events of people, customer accounts and imports of the register."""

    PERSON_IDENTIFIED = "person.identified", _("Identified and logged in")
    PERSON_LOGGED_OUT = "person.logged_out", _("Logged out")
    PERSON_LOGGED_OUT_BY_PROVIDER = (
        "person.logged_out_by_provider",
        _("Logged out by the identification service"),
    )
    PERSON_SESSION_ENDED = "person.session_ended", _("A session was ended")
    PERSON_EMAIL_CODE_ASKED = (
        "person.email_code_asked",
        _("A code was sent to confirm an email address"),
    )
    PERSON_EMAIL_VERIFIED = "person.email_verified", _("The email address was confirmed")
    PERSON_LANGUAGE_CHOSEN = "person.language_chosen", _("The language was chosen")
    PERSON_MAILS_CHOSEN = "person.mails_chosen", _("It was chosen which mails come")
    PERSON_MERGED = "person.merged", _("Two records of the same person were joined")
    PERSON_ERASED = "person.erased", _("The personal data were erased")
    SECOND_FACTOR_ADDED = "second_factor.added", _("A second factor was added")
    SECOND_FACTOR_PROVEN = "second_factor.proven", _("Confirmed with the second factor")
    SECOND_FACTOR_REMOVED = "second_factor.removed", _("A second factor was removed")
    SECOND_FACTOR_RESET = "second_factor.reset", _("The second factors were reset")
    SECOND_FACTOR_CODES_MADE = "second_factor.codes_made", _("New recovery codes were made")
    STAFF_ROLE_GRANTED = "staff_role.granted", _("A role at the agency was given")
    STAFF_ROLE_ENDED = "staff_role.ended", _("A role at the agency was taken away")
    LOGIN_MADE_SUPERUSER = "login.made_superuser", _("The settings were opened to the login")
    LOGIN_SUPERUSER_ENDED = "login.superuser_ended", _("The settings were closed to the login")
    ORGANISATION_FOUNDED = "organisation.founded", _("A customer account was created")
    ORGANISATION_RENAMED = (
        "organisation.renamed",
        _("The name of a customer account was updated from the register"),
    )
    ORGANISATION_SUCCEEDED = (
        "organisation.succeeded",
        _("A customer account was handed over to the successor of the organisation"),
    )
    MEMBERSHIP_ROLE_CHANGED = (
        "membership.role_changed",
        _("A role in a customer account was changed"),
    )
    MEMBERSHIP_RIGHT_CONFIRMED = (
        "membership.right_confirmed",
        _("The authority to act for an organisation was confirmed"),
    )
    MEMBERSHIP_RIGHT_SHOWN = (
        "membership.right_shown",
        _("A register of roles and mandates confirmed the authority to act for an organisation"),
    )
    MEMBERSHIP_REMOVED = "membership.removed", _("Removed from a customer account")
    MEMBERSHIP_LEFT = "membership.left", _("Left a customer account")
    MEMBERSHIP_ENDED_BY_AUTHORITY = (
        "membership.ended_by_authority",
        _("The agency ended a membership in a customer account"),
    )
    MEMBERSHIP_RIGHT_WITHDRAWN = (
        "membership.right_withdrawn",
        _("An authority to act for an organisation is no longer confirmed"),
    )
    ORGANISATION_CLOSED = "organisation.closed", _("The agency closed a customer account")
    ADMINISTRATOR_REQUEST_MADE = (
        "administrator_request.made",
        _("Asked the agency to be made an administrator"),
    )
    ADMINISTRATOR_REQUEST_GRANTED = (
        "administrator_request.granted",
        _("A request for a new administrator was granted"),
    )
    ADMINISTRATOR_REQUEST_REFUSED = (
        "administrator_request.refused",
        _("A request for a new administrator was refused"),
    )
    ADMINISTRATOR_REQUEST_TAKEN_BACK = (
        "administrator_request.taken_back",
        _("A request for a new administrator was taken back"),
    )
    RIGHT_DOCUMENT_HANDED_IN = (
        "right_document.handed_in",
        _("A document about the authority to act was uploaded"),
    )
    RIGHT_DOCUMENT_TAKEN_BACK = (
        "right_document.taken_back",
        _("A document about the authority to act was taken away"),
    )
    PERSON_VIRUS_REFUSED = "person.virus_refused", _("A document with a virus was refused")
    INVITATION_MADE = "invitation.made", _("An invitation was sent")
    INVITATION_RESENT = "invitation.resent", _("An invitation was sent again")
    INVITATION_ACCEPTED = "invitation.accepted", _("An invitation was accepted")
    INVITATION_REVOKED = "invitation.revoked", _("An invitation was cancelled")
    INVITATION_CODE_ASKED = (
        "invitation.code_asked",
        _("A code was sent to the address that had been invited"),
    )
    JOIN_REQUEST_MADE = "join_request.made", _("Asked to be invited to a customer account")
    JOIN_REQUEST_REPEATED = (
        "join_request.repeated",
        _("Asked again to be invited to a customer account"),
    )
    JOIN_REQUEST_TAKEN_BACK = (
        "join_request.taken_back",
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
