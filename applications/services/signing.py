"""Sending an order is an act: declared in words, by an identified person who may act."""

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person
from applications import declarations
from applications.access import ACTING
from applications.models import Application
from certportal.foundation.errors import NotAllowed, Refused

# How old the last strong identification may be when an order is sent.
FRESH = timedelta(minutes=60)


class IdentifyAgain(NotAllowed):
    """The person identified too long ago to sign."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(
            _(
                "More than an hour has passed since you identified yourself. Identify yourself"
                " again before you send the order. Nothing you have written is lost."
            )
        )


class MayNotAct(NotAllowed):
    """The person no longer acts for the organisation, or not in a role that orders."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("You have no right to order certificates for this organisation."))


class NotDeclared(Refused):
    """A declaration that the order needs was not made."""

    def __init__(self) -> None:
        """Word it."""
        super().__init__(_("Tick every declaration to send the order."))


def is_fresh(identified_at: datetime, *, now: datetime) -> bool:
    """Return whether somebody who identified at that moment may sign now."""
    return now - FRESH <= identified_at <= now


def require(
    application: Application,
    person: Person,
    declared: list[str],
    *,
    identified_at: datetime,
    now: datetime,
) -> None:
    """Raise MayNotAct, IdentifyAgain or NotDeclared unless this signs the order."""
    membership = access.current_membership(person, application.organisation_id)
    if membership is None or membership.role not in ACTING:
        raise MayNotAct
    if not is_fresh(identified_at, now=now):
        raise IdentifyAgain
    if set(declarations.asked(application)) - set(declared):
        raise NotDeclared
