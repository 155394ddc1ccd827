"""The sender of an order, and whether their right to act for the organisation is confirmed."""

from datetime import date

from accounts import access
from accounts.models import Membership
from accounts.right_to_act import has_ended, is_unconfirmed, right_of
from applications.models import Application
from certportal.foundation.database.related_rows import related_row


def right_to_send(application: Application) -> Membership | None:
    """Return the membership that gives the sender the right to act.

    None if nothing has been sent yet or the sender has no such membership.
    """
    submission = related_row(application, "submission")
    if submission is None:
        return None
    return right_of(related_row(submission, "person"), related_row(application, "organisation"))


def has_left(application: Application) -> bool:
    """Return whether the sender is no longer a member of the order's organisation."""
    sent = application.submission
    return sent is not None and not access.is_member(
        sent.person.current, application.organisation_id
    )


def lacks_right(application: Application, *, on: date) -> bool:
    """Return whether a reviewer must confirm the sender's right before the certificate is issued.

    This includes a right confirmed on the sender's word alone whose last day has passed. Never true
    for a test certificate: no production system trusts it, so the founder's own statement is
    enough.
    """
    if application.kind.is_test:
        return False
    right = right_to_send(application)
    return is_unconfirmed(right) or has_ended(right, on=on)


def weak_right(application: Application) -> Membership | None:
    """Return the right that the order rests on if it was confirmed on a person's word alone.

    None for a test certificate, which needs no confirmed right.
    """
    if application.kind.is_test:
        return None
    right = right_to_send(application)
    return right if right is not None and right.is_weak else None
