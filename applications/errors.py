"""Why a service refuses: each is worded for the one who asked."""

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import NotAllowed, Refused, Stale


class NotPossible(Stale):
    """The table has no such action for this status and role: somebody was faster."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("The application has moved on meanwhile, so this cannot be done to it any more.")
        )


class Changed(Stale):
    """The application changed after the page was opened."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "The application has changed since you opened the page. Look at it as it is now"
                " and try again."
            )
        )


class Incomplete(Refused):
    """Parts of the application are missing; `sections` names them."""

    def __init__(self, sections: list[str]) -> None:
        """Keep the ids of the missing parts."""
        super().__init__(_("Some parts of the application are still missing."))
        self.sections = sections


class NotStanding(Refused):
    """The unit does not stand in the register today; `reason` tells why."""

    def __init__(self, reason: str) -> None:
        """Keep the register's reason."""
        super().__init__(
            _("The unit does not stand in the register today, so nothing can be ordered for it.")
        )
        self.reason = reason


class ReasonsMissing(Refused):
    """What goes against the applicant, or asks something of them, says why (hallintolaki 45 §)."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Write the reasons, so that the applicant understands."))


def require_reasons(words: str) -> None:
    """Raise ReasonsMissing unless something is said."""
    if not words.strip():
        raise ReasonsMissing


class NotYourCase(NotAllowed):
    """A reviewer decides only cases they have claimed."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Take the case for yourself first: another reviewer may have it."))


class OwnOrganisation(NotAllowed):
    """Nobody reviews an organisation they belong to."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _("You belong to this organisation, so another reviewer must handle the case.")
        )


class PrivateKeyFound(Refused):
    """The upload holds a private key; nothing of it was stored."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "The file contains a private key. We did not store the file. The key must be"
                " considered exposed: make a new key pair and a new certificate request."
            )
        )


class UnfitCsr(Refused):
    """The certificate request has faults that stop it; `report` lists them."""

    def __init__(self, report: object) -> None:
        """Keep the doctor's report."""
        super().__init__(_("The certificate request cannot be used as it is."))
        self.report = report


class LinkOver(Refused):
    """The technical contact's link has ended."""

    status = 410

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("The link is no longer valid. Ask the one who ordered for a new link."))
