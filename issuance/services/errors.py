"""Errors of the CA's services, with messages for the person whose action is refused."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import access
from certportal.foundation.errors import NotAllowed, Refused, Stale, Unavailable
from certportal.foundation.event_log.files import LogUnavailable
from certportal.foundation.text.wording import filled


class NotReconciled(Unavailable):
    """The journal has a certificate with this reference or serial number; the database has none.

    The database was restored from an older copy. Nothing is made for the reference until
    ``reconcile --mend`` has been run.
    """


class NotProved(Unavailable):
    """An attempt is in the state ``signing``, but too few approvers' passkeys have signed it.

    It stays so until somebody has found out why.
    """

    mark = "not_proved"


class Unproven(LogUnavailable):
    """An attempt to be signed has too few approvals, or one that the log of events does not have.

    Somebody wrote to the database by hand. Nothing is signed for the reference until that has been
    put right.
    """


class PreparedByNewer(Unavailable):
    """A newer version of the program has just prepared what this one refuses.

    The work is left to a signer of that version, which is being started beside this one.
    """


class AlreadySigning(Refused):
    message = _("The certificate has been made already, or is being made now.")


class NotOpen(Stale):
    """The prepared certificate is void, refused, expired or already used."""

    message = _(
        "This prepared certificate is no longer valid. Open the case again to get a new one."
    )


class OtherBytes(Stale):
    message = _("The certificate has changed since you looked at it. Look at it again.")


class NotReviewer(NotAllowed):
    message = _("Only reviewers may do this.")


class OwnOrganisation(NotAllowed):
    """The person belongs to the organisation the certificate is for (hallintolaki 28 §)."""

    message = _("You belong to this organisation, so another reviewer must handle the case.")


class OwnOrganisationLately(NotAllowed):
    """The person was tied to the organisation within `access.ESTRANGED` (hallintolaki 28 §)."""

    message = filled(
        _(
            "You have acted for this organisation, or asked to, within the last %(months)s months,"
            " so another reviewer must handle the case."
        ),
        months=access.ESTRANGED_MONTHS,
    )


class Concerned(NotAllowed):
    """The person is named in the order or took part in it (hallintolaki 28 §)."""

    message = _("You have a part in this order yourself, so another reviewer must handle it.")


class ReauthenticationTooOld(NotAllowed):
    message = _("Confirm with your second factor again before you approve the certificate.")


class UnknownReason(Refused):
    message = _("Choose the reason for revoking the certificate.")


class ReasonStands(Refused):
    message = _(
        "The certificate has been revoked already. Its reason can only be changed to "
        "the private key having been exposed."
    )


class NotAHash(Refused):
    """A line of a block list is not a SHA-256 in hexadecimal; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(
            format_lazy(
                _(
                    "Line {line} is not a SHA-256 of 64 hexadecimal digits. Correct the line or"
                    " remove it."
                ),
                line=line,
            )
        )
        self.line = line


class AlreadyThere(Refused):
    """The CA exists already, and a ceremony never overwrites."""
