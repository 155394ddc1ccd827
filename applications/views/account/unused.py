"""Certificates that are still to be installed: nobody has reported them as in use."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from applications.models import Application, ReplacementItem
from applications.workflow import Status
from issuance.certificate.profiles import LATEST_START_DAYS
from issuance.models import Certificate

TO_INSTALL = timedelta(days=30)
"""How long after the beginning of its validity the service asks to install a certificate."""


def unused(
    own_orders: QuerySet[Application], valid: QuerySet[Certificate], now: datetime
) -> QuerySet[Certificate]:
    """Return those of the valid certificates that the owner of the orders has yet to install.

    They became valid within `TO_INSTALL`, nobody has reported them as in use, and no mass
    replacement has replaced them. The condition on the day of issue is there for its index.
    """
    unsaid = own_orders.filter(pk=OuterRef("reference"), status=Status.DELIVERED, installed_at=None)
    replaced = ReplacementItem.objects.filter(
        certificate=OuterRef("pk"), state=ReplacementItem.State.ISSUED
    )
    begun = now - TO_INSTALL
    issued = begun - timedelta(days=LATEST_START_DAYS)
    lately = valid.filter(issued_at__gt=issued, not_before__range=(begun, now))
    return lately.filter(Exists(unsaid), ~Exists(replaced))
