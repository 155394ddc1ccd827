"""Refusals of the authority's services, worded for the person who is refused."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import NotAllowed, Refused, Stale, Unavailable


class NotReconciled(Unavailable):
    """The journal holds a certificate of this reference, or number, that the database has lost.

    It is an older copy: nothing more is made for the reference until ``reconcile --mend`` ran.
    """


class AlreadySigning(Refused):
    """The reference has a certificate, or one is being signed: nothing can be changed."""

    def __init__(self) -> None:
        super().__init__(_("The certificate has been made already, or is being made now."))


class NotOpen(Stale):
    """The prepared certificate is void, refused, expired or used."""

    def __init__(self) -> None:
        super().__init__(
            _("This prepared certificate is no longer valid. Open the case again to get a new one.")
        )


class OtherBytes(Stale):
    """The person saw another certificate than the one now prepared."""

    def __init__(self) -> None:
        super().__init__(_("The certificate has changed since you looked at it. Look at it again."))


class NotReviewer(NotAllowed):
    """The person is not a reviewer, or is no longer."""

    def __init__(self) -> None:
        super().__init__(_("Only reviewers may approve certificates."))


class OwnOrganisation(NotAllowed):
    """The person belongs to the organisation the certificate is for."""

    def __init__(self) -> None:
        super().__init__(
            _("You act for this organisation yourself, so somebody else must approve.")
        )


class OwnOrganisationLately(NotAllowed):
    """The person belonged to the organisation within the last year."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "You have acted for this organisation within the last year, so somebody else must"
                " approve."
            )
        )


class ReauthenticationTooOld(NotAllowed):
    """The person has not proven their second factor lately."""

    def __init__(self) -> None:
        super().__init__(
            _("Confirm with your second factor again before you approve the certificate.")
        )


class UnknownReason(Refused):
    """Not a reason for revocation that this authority uses."""

    def __init__(self) -> None:
        super().__init__(_("Choose the reason for revoking the certificate."))


class ReasonStands(Refused):
    """A revoked certificate's reason may only be raised to key compromise."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "The certificate has been revoked already. Its reason can only be changed to "
                "the private key having been disclosed."
            )
        )


class NotAHash(Refused):
    """A line of a block list is no SHA-256 in hexadecimal; ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(
            format_lazy(_("Line {line} is not a SHA-256 of 64 hexadecimal digits."), line=line)
        )
        self.line = line


class AlreadyThere(Refused):
    """The CA exists; a ceremony never overwrites. For operators, in English."""
