"""Why a visit to the source of mandates confirmed nothing, in words for the founder."""

from django.utils.translation import gettext_lazy as _

from certportal.foundation.errors import Refused


class NotShown(Refused):
    """The visit showed no right to act for the organisation; `problem` is for the log."""

    problem = ""


class TurnedBack(NotShown):
    message = _("You cancelled, so Suomi.fi e-Authorizations confirmed nothing.")


class Over(NotShown):
    """The visit took too long, was begun in another browser, or was completed before."""

    message = _(
        "The visit to Suomi.fi e-Authorizations took too long, or it was begun in another window."
        " Nothing was confirmed. Try again."
    )

    def __init__(self, problem: str) -> None:
        super().__init__()
        self.problem = problem


class OtherOrganisation(NotShown):
    message = _(
        "In Suomi.fi e-Authorizations you chose another organisation than the one whose account you"
        " are setting up. Go there again and choose this one, or let a reviewer confirm your"
        " authority."
    )
    problem = "another organisation"


class NoRole(NotShown):
    message = _(
        "Suomi.fi e-Authorizations knows no role by which you alone may act for this organisation."
        " You can create the account all the same: a reviewer confirms your authority."
    )
    problem = "no role that is enough"


class NotComplete(NotShown):
    message = _(
        "Suomi.fi e-Authorizations could not look into every register just now. Try again"
        " later, or create the account all the same: a reviewer confirms your authority."
    )
    problem = "incomplete"


class Foreign(NotShown):
    message = _(
        "Suomi.fi e-Authorizations knows people by their Finnish personal identity code, and you"
        " identified yourself without one. You can create the account all the same: a"
        " reviewer confirms your authority."
    )


SILENT = _(
    "Suomi.fi e-Authorizations does not answer now. Try again later, or create the"
    " account all the same: a reviewer confirms your authority."
)
NOT_IDENTIFIED = _("Identification did not succeed, so nothing was confirmed. Try again.")
