"""The registration authority's tables: drafts, what was frozen, requests, host names, decisions."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Person
from accounts.register.models import Kind, RegisterRecord
from applications.changes.models import RegisterTask as RegisterTask
from applications.kinds import CertificateType, ConformityClass, Delivery, Purpose
from applications.proposals import RevocationProposal as RevocationProposal
from applications.replacing.models import Replacement as Replacement
from applications.replacing.models import ReplacementApproval as ReplacementApproval
from applications.replacing.models import ReplacementItem as ReplacementItem
from applications.revocations import RevocationRequest as RevocationRequest
from applications.workflow import Status
from certportal.foundation import storing, tokens


class Application(models.Model):
    """An order on its way: the draft's fields, the status and whose turn it is.

    `status` is assigned in one place, `services.moving.move`. `version` grows with every change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="applications")
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=2, default="fi")

    # What is ordered; edited while a draft, and afterwards only in fields a reviewer reopens.
    type = models.CharField(max_length=30, choices=CertificateType)
    record_kind = models.CharField(max_length=16, choices=Kind, default=Kind.SOTE_UNIT)
    record_oid = models.CharField(max_length=128, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose, blank=True)
    validity_months = models.PositiveSmallIntegerField(
        null=True, validators=[MinValueValidator(1), MaxValueValidator(24)]
    )
    start = models.DateField(null=True, blank=True)
    system_name = models.CharField(max_length=64, blank=True)
    system_oid = models.CharField(max_length=128, blank=True)
    # The mailbox of an e-mail certificate, and the code that proves that the organisation reads it.
    certified_email = models.EmailField(max_length=64, blank=True)
    mailbox_code = models.UUIDField(null=True)
    mailbox_code_until = models.DateTimeField(null=True)
    mailbox_code_tries = models.PositiveSmallIntegerField(default=0)
    mailbox_proved_at = models.DateTimeField(null=True)
    # The certificate of conformity that a private provider's system signature needs.
    conformity_system_name = models.CharField(max_length=120, blank=True)
    conformity_version = models.CharField(max_length=60, blank=True)
    conformity_class = models.CharField(max_length=2, choices=ConformityClass, blank=True)
    conformity_number = models.CharField(max_length=60, blank=True)
    conformity_valid_until = models.DateField(null=True, blank=True)
    # How names with characters outside the profile's set, or too long, are written; empty: as is.
    organisation_spelling = models.CharField(max_length=64, blank=True)
    unit_spelling = models.CharField(max_length=64, blank=True)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    mailbox = models.EmailField(blank=True)
    deliver_to = models.CharField(max_length=20, choices=Delivery, blank=True)
    technical_name = models.CharField(max_length=120, blank=True)
    technical_email = models.EmailField(blank=True)
    technical_organisation = models.CharField(max_length=200, blank=True)
    technical_language = models.CharField(max_length=2, blank=True)
    deputy_name = models.CharField(max_length=120, blank=True)
    deputy_email = models.EmailField(blank=True)
    csr_by = models.CharField(max_length=20, choices=Delivery, blank=True)
    csr = models.ForeignKey("Csr", models.PROTECT, null=True, related_name="+")

    # Where it is in handling.
    submission = models.ForeignKey("Submission", models.PROTECT, null=True, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    days_left = models.SmallIntegerField(null=True)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    waiting_for = models.CharField(max_length=40, blank=True)
    waiting_since = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-changed_at"]),
            models.Index(fields=["status", "due_on"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="application_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status=Status.DRAFT) | Q(submission__isnull=False),
                name="application_submitted_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        """Return the order number."""
        return self.number


class HostName(models.Model):
    """One host name of a server certificate, with the evidence of who administers it."""

    class Evidence(models.TextChoices):
        DECLARED = "declared"
        REGISTRY = "registry"
        DOCUMENT = "document"
        DNS = "dns"

    application = models.ForeignKey(Application, models.CASCADE, related_name="host_names")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=253)
    evidence = models.CharField(max_length=20, choices=Evidence, blank=True)
    evidence_note = models.CharField(max_length=300, blank=True)
    evidenced_at = models.DateTimeField(null=True)
    evidenced_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["application", "name"], name="host_name_once"),
        ]

    def __str__(self) -> str:
        """Return the host name."""
        return self.name


class Csr(models.Model):
    """An uploaded certificate request, never edited: bytes, hash, who, report, rules' version."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="csrs")
    der = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    spki_sha256 = models.CharField(max_length=64, db_index=True)
    report = models.JSONField()
    rule_set_version = models.CharField(max_length=20)
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["-uploaded_at"]

    def __str__(self) -> str:
        """Return the beginning of the hash."""
        return self.sha256[:16]


class ContactLink(models.Model):
    """The link by which a technical contact, or the deputy, works on one order without a login.

    The token is derived from the key and only its hash is stored. The first POST binds the link to
    that browser: `bound_session` is the hash of a secret that its session holds. What ends with
    the order's own state is judged in `applications.contact`.
    """

    class Holder(models.TextChoices):
        TECHNICAL_CONTACT = "technical_contact", _("The technical contact")
        DEPUTY = "deputy", _("The deputy")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(Application, models.CASCADE, related_name="contact_links")
    holder = models.CharField(max_length=20, choices=Holder)
    email = models.EmailField()
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    bound_session = models.CharField(max_length=64, blank=True)
    bound_at = models.DateTimeField(null=True)
    # Ended by the applicant, by a newer link taken into use, or with the order.
    revoked_at = models.DateTimeField(null=True)
    not_mine_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["made_at"]

    def __str__(self) -> str:
        """Return whose it is."""
        return str(self.holder)

    @property
    def token(self) -> str:
        """The token, for the mail only."""
        return tokens.derived("contact", str(self.pk))


def storage_name(attachment: "Attachment", _given: str) -> str:
    """Return a random name of our own: nothing of the uploader's reaches the file system."""
    return storing.random_name()


class Attachment(models.Model):
    """A document of an order, stored privately under a random name; the bytes never change.

    `name` is the uploader's own name for it, cleaned, for display only. One that was replaced or
    removed keeps its row; its file stays only when a submission holds its hash.
    """

    class Kind(models.TextChoices):
        CONFORMITY = "conformity"

    application = models.ForeignKey(Application, models.CASCADE, related_name="attachments")
    kind = models.CharField(max_length=12, choices=Kind)
    file = models.FileField(upload_to=storage_name, max_length=60, blank=True)
    name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.CharField(max_length=80)
    uploaded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["uploaded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind"],
                condition=Q(removed_at=None),
                name="attachment_one_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        """Return the name for display."""
        return self.name


class Submission(models.Model):
    """What was sent and signed, as it stood: canonical JSON, its hash, person, language, time."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="submissions")
    number = models.PositiveSmallIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    language = models.CharField(max_length=2)
    at = models.DateTimeField()
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    csr = models.ForeignKey(Csr, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="submission_number"),
        ]

    def __str__(self) -> str:
        """Return number and hash."""
        return f"{self.number}: {self.sha256[:16]}"


class InformationRequest(models.Model):
    """A reviewer's question: which fields are open again, why, and until when."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="requests")
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    fields = ArrayField(models.CharField(max_length=40))
    deadline = models.DateField()
    asked_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    cancelled = models.BooleanField(default=False)

    class Meta:
        ordering = ["asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(closed_at=None),
                name="one_open_request_for_information",
            ),
        ]

    def __str__(self) -> str:
        """Return the deadline."""
        return f"{self.deadline}"


class Addition(models.Model):
    """Information the applicant gave in words: unasked, or with the answer to a question."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="additions")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.at}"


class Decision(models.Model):
    """A reviewer's decision with its reasons (hallintolaki 44–45 §)."""

    class Kind(models.TextChoices):
        APPROVED = "approved"
        REJECTED = "rejected"
        REOPENED = "reopened"

    application = models.ForeignKey(Application, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=10, choices=Kind)
    reviewer = models.ForeignKey(Person, models.PROTECT, related_name="+")
    reasons = models.TextField(blank=True)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        """Return the kind."""
        return str(self.kind)


class Check(models.Model):
    """One run of the checks: what was examined, what was found, and the record it rested on."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="check_runs")
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="+")
    csr = models.ForeignKey(Csr, models.PROTECT, null=True, related_name="+")
    record = models.ForeignKey(RegisterRecord, models.PROTECT, null=True, related_name="+")
    findings = models.JSONField(default=list)
    rule_set_version = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        """Return the time."""
        return f"{self.at}"


class Package(models.Model):
    """The certificate's way to one recipient."""

    application = models.ForeignKey(Application, models.PROTECT, related_name="packages")
    recipient = models.CharField(max_length=20)
    certificate_id = models.BigIntegerField()
    sent_at = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "recipient", "certificate_id"], name="package_once"
            ),
        ]

    def __str__(self) -> str:
        """Return the recipient's role."""
        return self.recipient


class SentNotice(models.Model):
    """The ledger of what the clock has sent: each notice goes once about one thing and occasion.

    `about` is the key of an application or person, or the name of a source; `key` the occasion,
    such as the days left or the day.
    """

    notice = models.CharField(max_length=30)
    about = models.CharField(max_length=64)
    key = models.CharField(max_length=40)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "about", "key"], name="notice_sent_once"),
        ]

    def __str__(self) -> str:
        """Return notice and occasion."""
        return f"{self.notice} {self.key}"
