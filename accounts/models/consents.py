"""Consents: a customer lets a supplier of IT services act as its technician."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q

from accounts.models.organisations import Organisation
from accounts.models.people import Person
from certportal.foundation import clock
from certportal.foundation.database.kept_tables import Kept


class SupplierConsent(models.Model):
    """The right of one organisation, the supplier, to act as another's technician.

    It is in force through the day `until`, unless it was ended before; see `accounts.consents`.
    """

    customer = models.ForeignKey(Organisation, models.PROTECT, related_name="consents_given")
    supplier = models.ForeignKey(Organisation, models.PROTECT, related_name="consents_received")
    given_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    until = models.DateField()
    ended_at = models.DateTimeField(null=True)
    # None if one of the two accounts was closed or handed over, or the authority ended the right
    # of whoever gave it.
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    # When both sides were told that its last day is near.
    warned_at = models.DateTimeField(null=True)

    keeping = Kept(once=["ended_at", "ended_by", "warned_at"])

    class Meta:
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(customer=models.F("supplier")), name="consent_to_another"
            ),
            models.UniqueConstraint(
                fields=["customer", "supplier"],
                condition=Q(ended_at=None),
                name="one_consent_at_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["supplier"], condition=Q(ended_at=None), name="consent_of_supplier"
            )
        ]

    @property
    def organisation_id(self) -> Any:
        """Return the key of the customer, to whose account events about the consent belong."""
        return self.customer_id

    @property
    def event_data(self) -> dict[str, Any]:
        return {"to": str(self.supplier_id), "until": self.until.isoformat()}

    @property
    def last_held(self) -> date:
        """The last day on which it is or was in force."""
        return min(clock.day(self.ended_at), self.until) if self.ended_at else self.until
