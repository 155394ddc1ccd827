"""Whoever sent the order, and whether they have been shown to act for the organisation."""

from accounts.models import Membership
from accounts.rights import is_unconfirmed, right_of
from applications.kinds import CertificateType
from applications.models import Application


def right_to_send(application: Application) -> Membership | None:
    """Return the membership that the sender's right rests on; None before anything was sent."""
    if application.submission is None:
        return None
    return right_of(application.submission.person, application.organisation)


def lacks_right(application: Application) -> bool:
    """Whether a production certificate waits for a reviewer to confirm the sender's right.

    Test certificates are trusted by nobody, so the founder's own word is enough for them.
    """
    if CertificateType(application.type).is_test:
        return False
    return is_unconfirmed(right_to_send(application))
