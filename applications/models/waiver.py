"""Waivers: a finding of the checks that a reviewer accepts, with reasons and an end date."""

from django.db import models
from django.db.models import F, Q

from accounts.models import Person
from applications.models.application import Application
from applications.models.kept import OF_ERASED_ORDER
from applications.models.submission import Submission
from certportal.foundation.database.kept_tables import Kept
from issuance.findings import Finding, Severity


class Waiver(models.Model):
    """A reviewer's waiver of one finding about one submission.

    `rule` and `params` are the finding's (`issuance.findings.Finding`); the waiver covers no other
    value. `ends_on` is its last day. `confirmed_by` is the second person, who confirmed it by
    approving the certificate. `assertion` is the WebAuthn assertion of the person who gave it, in
    the stored form of `issuance.approvers.assertion.Assertion`. `outcome` says how it was closed
    before its end, with `closing_words` for a withdrawal.
    """

    class Outcome(models.TextChoices):
        WITHDRAWN = "withdrawn"
        REPLACED = "replaced"

    application = models.ForeignKey(Application, models.PROTECT, related_name="waivers")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=60)
    params = models.JSONField()
    reason = models.TextField()
    waived_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    waived_at = models.DateTimeField()
    ends_on = models.DateField()
    assertion = models.JSONField(null=True)
    confirmed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    closing_words = models.TextField(blank=True)

    keeping = Kept(
        until_closed=["closed_at", "closed_by", "outcome", "closing_words"],
        closed="OLD.closed_at IS NOT NULL",
        once=["confirmed_by", "confirmed_at"],
        erased=["reason", "closing_words"],
        erasable=OF_ERASED_ORDER,
    )

    class Meta:
        ordering = ["waived_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "rule", "params"],
                condition=Q(closed_at=None),
                name="waiver_open_once",
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None, outcome="")
                | (Q(closed_at__isnull=False, closed_by__isnull=False) & ~Q(outcome="")),
                name="waiver_closed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by=F("waived_by"))),
                name="waiver_confirmed_by_another",
            ),
        ]
        indexes = [models.Index(fields=["ends_on"], name="waiver_ends_on")]

    @property
    def finding(self) -> Finding:
        return Finding(self.rule, Severity.WARNING, self.params)
