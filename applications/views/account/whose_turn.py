"""Which orders wait for the applicant, and which for the technical contact."""

from django.db.models import Exists, OuterRef, Q

from applications.models import ContactLink
from applications.models.certificate_types import Delivery
from applications.workflow import Status

WAITING = (Status.NAMES_PROPOSED, Status.INFO_REQUESTED, Status.AWAITING_CSR)


def waiting() -> Q:
    """Return the condition for orders that wait for the applicant."""
    # With `csr_by` applicant a link is for delivery only.
    own = Q(csr_by=Delivery.APPLICANT) | _unlinked()
    return Q(status__in=WAITING) & (~Q(status=Status.AWAITING_CSR) | own)


def installs() -> Q:
    """Return the condition for orders whose certificate the technical contact does not install."""
    return Q(deliver_to=Delivery.APPLICANT) | _unlinked()


def _unlinked() -> Q:
    """Return the condition for orders to which nobody has a link: the applicant must act."""
    living = ContactLink.objects.filter(
        application=OuterRef("pk"), revoked_at=None, not_mine_at=None
    )
    return Q(~Exists(living))
