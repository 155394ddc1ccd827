"""Errors that services raise to refuse a request; `message` is shown to the user."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.errors import NotAllowed, Refused, Stale
from certportal.foundation.text import invisible
from certportal.foundation.text.wording import filled


def require(obstacles: Iterable[Refused]) -> None:
    """Raise the first of the obstacles to an action, if there is one; each fact is read once."""
    with one_reading():
        for obstacle in obstacles:
            raise obstacle


class NotPossible(Stale):
    """The role may not do the action now, whether the order changed or an address was typed."""

    message = _("This cannot be done to the order now.")

    def __init__(self, message: Any = None, *, status: str = "") -> None:
        """Keep the message; without one, it names the order's `status` if that is given."""
        if status:
            words = _("This cannot be done to the order now. Its status is: %(status)s.")
            message = filled(words, status=status)
        super().__init__(message)


class Erased(NotPossible):
    """The order's personal data has been erased; what is written now would never be."""

    message = _(
        "The personal data of the order was erased when its retention period ended, so the order"
        " can no longer be handled."
    )


class Changed(Stale):
    message = _(
        "The order has changed since you opened the page. Look at it as it is now and try again."
    )


class Gone(Changed):
    message = _("The draft is no longer there. It was deleted, or the customer account was closed.")


class MayNotAct(NotAllowed):
    message = _("You have no right to order certificates for this organisation.")


class AccountOver(Stale):
    message = _(
        "The customer account has been closed, so nothing can be ordered through it any more."
    )


class Incomplete(Refused):
    """Parts of the application are missing; `sections` holds their ids."""

    def __init__(self, sections: list[str]) -> None:
        super().__init__(_("Some parts of the order are still missing."))
        self.sections = sections


class NotStanding(Refused):
    """The unit is not valid in the register today; `reason` is the register's reason."""

    def __init__(self, reason: str) -> None:
        words = _("The unit is not in the register today, so nothing can be ordered for it.")
        super().__init__(words)
        self.reason = reason


class ReasonsMissing(Refused):
    message = _("Write the reasons, so that the applicant understands.")


def require_reasons(words: str) -> None:
    if invisible.is_blank(words):
        raise ReasonsMissing


class NotYourCase(NotAllowed):
    message = _("Take the case for yourself first.")


class PrivateKeyFound(Refused):
    """The upload contains a private key; none of it was stored.

    `keys`: the hashes of the keys that could be read and are blocked; `revoked`: the certificates
    of the order's organisation that have them.
    """

    message = _(
        "You sent a private key. We did not store what you sent. The key must be"
        " considered exposed: make a new key pair and a new certificate request."
    )

    def __init__(self, keys: Sequence[str], revoked: Sequence[object]) -> None:
        super().__init__()
        self.keys, self.revoked = keys, revoked


class UnfitCsr(Refused):
    """The certificate request has errors; `report` (issuance.csr.Report) lists them."""

    def __init__(self, report: object) -> None:
        super().__init__(_("The certificate request cannot be used as it is."))
        self.report = report


class LinkOver(Refused):
    status = 410

    message = _("The link is no longer valid. Ask the person who ordered for a new link.")
