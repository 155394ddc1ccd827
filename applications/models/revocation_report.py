"""Reports from outside the service that ask for a revocation."""

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from applications.models.kept import OF_ERASED_ORDER
from applications.models.revocation import reason_words
from applications.models.revocation_proposal import RevocationProposal
from certportal.foundation.database.kept_tables import Kept

TERM = timedelta(hours=24)
"""A report is decided within this time of its arrival (CA/B BR 4.9.1.1)."""


class RevocationReport(models.Model):
    """A report by phone, mail or from a CERT about an order's certificate, as a reviewer wrote it.

    `role` is the caller's relation to the organisation, which can read it; empty in reports made
    before the column existed. `verified` is how the reviewer verified the `caller`; `callback` the
    result of calling back. `proposal` is the proposal made from the report; None if the key was
    exposed and the certificate revoked at once, or if a proposal was open already: then `beside` is
    that proposal, and `reason` and `words` are the report's own. When that proposal has ended, the
    report gets one of its own, unless a second person has declined the same
    (`rules/revocation_wanted.py`).
    """

    class Channel(models.TextChoices):
        PHONE = "phone", _("Phone")
        MAIL = "mail", _("Email or letter")
        CERT = "cert", _("A CERT or another authority")

    class Role(models.TextChoices):
        ORGANISATION = "organisation", _("Somebody of the organisation")
        TECHNICAL = "technical", _("Whoever maintains the system")
        AUTHORITY = "authority", _("A CERT or another authority")
        OTHER = "other", _("Somebody else")

    application = models.ForeignKey(
        "applications.Application", models.PROTECT, related_name="revocation_reports"
    )
    certificate_id = models.BigIntegerField()
    proposal = models.OneToOneField(
        RevocationProposal, models.PROTECT, null=True, related_name="report"
    )
    beside = models.ForeignKey(
        RevocationProposal, models.PROTECT, null=True, related_name="reports_beside"
    )
    reason = models.CharField(max_length=30, blank=True, default="", db_default="")
    words = models.TextField(blank=True, default="", db_default="")
    channel = models.CharField(max_length=8, choices=Channel)
    role = models.CharField(max_length=12, choices=Role, blank=True, db_default="")
    caller = models.TextField()
    verified = models.TextField()
    callback = models.TextField(blank=True)
    received_at = models.DateTimeField()
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    keeping = Kept(
        # When the proposal beside which it stands ends and leaves it unanswered, it gets its own.
        once=["proposal"],
        changing=["beside"],
        erased=["caller", "verified", "callback", "words"],
        erasable=OF_ERASED_ORDER,
    )

    class Meta:
        ordering = ["at"]

    @property
    def settles(self) -> RevocationProposal | None:
        """The proposal that settles it, or None if the key was exposed."""
        return self.proposal or self.beside

    @property
    def reason_words(self) -> str:
        """The report's own reason in words, if it was added to a proposal; else ""."""
        return reason_words(self.reason) if self.reason else ""

    @property
    def due_at(self) -> datetime:
        return self.received_at + TERM
