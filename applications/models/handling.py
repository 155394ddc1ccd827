"""The handling of an order: questions, additions, decisions, check runs, reservations, notes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Person
from accounts.register.models import RegisterRecord
from applications.models.application import Application
from applications.models.csr import Csr
from applications.models.kept import OF_ERASED_ORDER
from applications.models.submission import Submission
from certportal.foundation.database.kept_tables import Kept, Ordinary


class InformationRequest(models.Model):
    """A request for information (hallintolaki 22 §): parts of the form reopened, why, until when.

    `reviewer` is None if the checks made it; `fields` are the ids of the parts; `wanted` names the
    documents to attach to the answer, one on each line. With `is_hearing` it hears the applicant
    before a rejection (34 §): `reason` holds the grounds, `material` the documents and facts on
    which they are based. `reply_draft` is the applicant's unsent reply; no reviewer sees it.
    """

    application = models.ForeignKey(Application, models.PROTECT, related_name="requests")
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    fields = ArrayField(models.CharField(max_length=40))
    deadline = models.DateField()
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    cancelled = models.BooleanField(default=False)
    is_hearing = models.BooleanField(default=False, db_default=False)
    material = models.TextField(blank=True, default="", db_default="")
    wanted = models.TextField(blank=True, default="", db_default="")
    reply_draft = models.TextField(blank=True, default="", db_default="")

    keeping = Kept(
        until_closed=["deadline", "closed_at", "cancelled", "reply_draft"],
        closed="OLD.closed_at IS NOT NULL",
        erased=["reason", "material", "wanted", "reply_draft"],
        erasable=OF_ERASED_ORDER,
    )

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(closed_at=None),
                name="one_open_request_for_information",
            ),
        ]


class Addition(models.Model):
    """A text from the applicant: added without a question, or sent with the answer to a request."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="additions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    keeping = Kept(erased=["text"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]


class Decision(models.Model):
    """A reviewer's decision with its reasons (hallintolaki 44–45 §).

    `unheard` is why the applicant was not heard before a rejection, `unheard_because` the same in
    the reviewer's words; both empty where the applicant was heard.
    """

    class Kind(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"
        REOPENED = "reopened"

    class Unheard(models.TextChoices):
        """The exceptions of hallintolaki 34 § 2 mom. that can apply to an order."""

        UNFOUNDED = "unfounded"
        HARM = "harm"
        PURPOSE = "purpose"
        UNNECESSARY = "unnecessary"

    application = models.ForeignKey(Application, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind)
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reasons = models.TextField(blank=True)
    unheard = models.CharField(
        max_length=12, choices=Unheard, blank=True, default="", db_default=""
    )
    unheard_because = models.TextField(blank=True, default="", db_default="")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    keeping = Kept(erased=["reasons", "unheard_because"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]


class Check(models.Model):
    """One run of the checks: what was examined, the findings, and the register record relied on."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="check_runs")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    csr = models.ForeignKey(Csr, models.PROTECT, null=True, related_name="+")
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    findings = models.JSONField(default=list)
    rule_set_version = models.CharField(max_length=20)
    at = models.DateTimeField()

    keeping = Kept(erased=["findings"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]


class SecondLook(models.Model):
    """The case is reserved until `until` for the person, to approve it as second person."""

    application = models.OneToOneField(Application, models.CASCADE, related_name="second_look")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    until = models.DateTimeField()

    keeping = Ordinary("it ends by itself after minutes; what is decided is an Approval")


class CaseNote(models.Model):
    """A reviewer's note for other reviewers, about the case or their action on it.

    The applicant does not see it. `to` is the new holder for `HANDED_OVER`, and the previous one
    for `TAKEN_OVER`.
    """

    class About(models.TextChoices):
        CASE = "case"
        SET_ASIDE = "set_aside"
        HANDED_OVER = "handed_over"
        TAKEN_OVER = "taken_over"

    application = models.ForeignKey(Application, models.PROTECT, related_name="notes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    about = models.CharField(max_length=12, choices=About)
    to = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    keeping = Kept(erased=["text"], erasable=OF_ERASED_ORDER)

    class Meta:
        ordering = ["at"]
