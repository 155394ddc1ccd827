"""An order, with the fields of its form and its state in handling, and its host names."""

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import pgettext

from accounts.models import Organisation, Person
from accounts.register.models import Kind
from applications.models.bulk_order import BulkOrder
from applications.models.certificate_types import (
    CertificateType,
    ConformityClass,
    Delivery,
    Purpose,
)
from applications.workflow import OPEN_CASES, Role, Status
from certportal.foundation.database.kept_tables import Kept, Ordinary
from certportal.foundation.database.query_cache import asked_once
from certportal.foundation.database.related_rows import rows_of
from issuance.certificate.hosts import with_unicode

if TYPE_CHECKING:
    from applications.models.handling import InformationRequest

NO_PROMISE = Value(date.max)
"""The day by which the queue sorts cases without a promised day: last, and never null."""
_IN_QUEUE = (Coalesce(F("due_on"), NO_PROMISE), F("submitted_at"), F("number"))


class Application(models.Model):
    """An order: the fields of its form, its status, and who handles it.

    `status` is assigned in one place, `services.transition.move`. `version` grows with every
    change, so that a change from an outdated page is detected.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.CharField(max_length=20, unique=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="applications", db_index=False
    )
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    status = models.CharField(max_length=20, choices=Status, default=Status.DRAFT)
    version = models.PositiveIntegerField(default=1)
    language = models.CharField(max_length=2, default="fi")
    # The bulk order with which it was created, if any.
    bulk_order = models.ForeignKey(BulkOrder, models.PROTECT, null=True, related_name="orders")

    # What is ordered. Editable in a draft; afterwards only in the parts of the form reopened.
    type = models.CharField(max_length=30, choices=CertificateType)
    record_kind = models.CharField(max_length=16, choices=Kind, default=Kind.SOTE_UNIT)
    record_oid = models.CharField(max_length=128, blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose, blank=True)
    validity_months = models.PositiveSmallIntegerField(
        null=True, validators=[MinValueValidator(1), MaxValueValidator(24)]
    )
    start = models.DateField(null=True, blank=True)
    # Who proposes the host names; empty: the applicant gives them with the order.
    names_by = models.CharField(
        max_length=20, choices=Delivery, blank=True, default="", db_default=""
    )
    system_name = models.CharField(max_length=64, blank=True)
    system_oid = models.CharField(max_length=128, blank=True)
    # The applicant's reason for an OID that is not under the organisation's own root.
    system_oid_reason = models.CharField(max_length=300, blank=True)
    # The mailbox of an e-mail certificate, and the code that proves that the organisation reads it.
    certified_email = models.EmailField(max_length=64, blank=True)
    certified_email_code = models.UUIDField(null=True)
    certified_email_code_until = models.DateTimeField(null=True)
    certified_email_code_tries = models.PositiveSmallIntegerField(default=0)
    certified_email_proved_at = models.DateTimeField(null=True)
    # The certificate of conformity that a private provider's system signature needs.
    conformity_system_name = models.CharField(max_length=120, blank=True)
    conformity_version = models.CharField(max_length=60, blank=True)
    conformity_class = models.CharField(max_length=2, choices=ConformityClass, blank=True)
    conformity_number = models.CharField(max_length=60, blank=True)
    conformity_valid_until = models.DateField(null=True, blank=True)
    # The applicant's spelling of names that the certificate profile does not allow as they are.
    organisation_spelling = models.CharField(max_length=64, blank=True)
    unit_spelling = models.CharField(max_length=64, blank=True)
    # A reviewer's shortening of names that are too long; precedes the applicant's spelling.
    organisation_chosen = models.CharField(max_length=64, blank=True)
    unit_chosen = models.CharField(max_length=64, blank=True)
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

    # The state of its handling.
    submission = models.ForeignKey(
        "Submission", models.PROTECT, null=True, related_name="+", db_index=False
    )
    submitted_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    due_on = models.DateField(null=True)
    days_left = models.SmallIntegerField(null=True)
    # Whether the promise was broken already when more was asked: the answer gives a new day.
    was_late = models.BooleanField(default=False, db_default=False)
    reviewer = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    # The day until which its reviewer has set it aside; a note has the reason.
    aside_until = models.DateField(null=True)
    waiting_for = models.CharField(max_length=40, blank=True)
    waiting_since = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)
    # When somebody first reported that the certificate is in use, and that they take care of its
    # renewal; the events of the same names have the person.
    installed_at = models.DateTimeField(null=True)
    expiry_seen_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    keeping = Kept(
        fixed=["id", "number", "created_by", "created_at"],
        once=["installed_at", "expiry_seen_at", "erased_at"],
        deletable="OLD.submission_id IS NULL",
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["organisation", "changed_at", "number"], name="application_account"
            ),
            # An account's orders, without reading them: which there are, and which in a status.
            models.Index(
                fields=["organisation", "status"], include=["id"], name="application_of_account"
            ),
            # In the order of the home page, and of the other orders beside a case.
            models.Index(
                fields=["organisation", "due_on", "submitted_at", "id"],
                name="application_account_open",
                condition=Q(status__in=OPEN_CASES),
            ),
            models.Index(
                fields=["organisation", "-submitted_at"],
                name="application_account_submitted",
                condition=Q(submitted_at__isnull=False),
            ),
            # The queue's order (`rules/queue_order.py`): of all open cases, of those that a
            # reviewer holds, and of one status.
            # Free cases are counted in the first without reading them.
            models.Index(
                *_IN_QUEUE,
                name="application_open",
                include=["status", "reviewer"],
                condition=Q(status__in=OPEN_CASES),
            ),
            models.Index(
                F("reviewer"),
                *_IN_QUEUE,
                name="application_held",
                condition=Q(status__in=OPEN_CASES, reviewer__isnull=False),
            ),
            models.Index(F("status"), *_IN_QUEUE, name="application_standing"),
            # What became of the orders that a person has sent, without reading them.
            models.Index(
                fields=["submission"], include=["id", "status"], name="application_of_submission"
            ),
            # Open cases by the rules of their findings. Any other query for open cases would have
            # to say that there are findings too, or PostgreSQL reads all of this index for them.
            GinIndex(
                fields=["findings"],
                opclasses=["jsonb_path_ops"],
                name="application_found",
                condition=Q(status__in=OPEN_CASES) & ~Q(findings=[]),
            ),
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

    @property
    def event_data(self) -> dict[str, Any]:
        """Return the data of every event about the order, so that receipts identify it."""
        return {"order": self.number}

    def __str__(self) -> str:
        return self.number

    @property
    def kind(self) -> CertificateType:
        """The type of certificate. Raises ValueError while none is chosen."""
        return CertificateType(self.type)

    @property
    def names(self) -> list[str]:
        """The host names in order; those that were read with the order (`with_names`), if any."""
        read: list[str] | None = vars(self).get("annotated_names")
        return [host.name for host in self.hosts] if read is None else read

    @property
    def hosts(self) -> tuple["HostName", ...]:
        """The host names in order, with their evidence; read once while facts are looked up."""
        return _hosts(self)

    @property
    def called(self) -> str:
        """The display name: the first host name, the information system, or the mailbox.

        If sent without host names, it is the type in the active language; "" in a draft without
        names.
        """
        if names := self.names:
            return with_unicode(names[0])
        sent = str(self.kind.label) if self.submission_id else ""
        return self.system_name or self.certified_email or sent

    @property
    def question(self) -> "InformationRequest | None":
        return next((item for item in self.requests.all() if item.closed_at is None), None)

    @property
    def status_words(self) -> str:
        """The status as reviewers see it; for a hearing with its deadline."""
        hearing = self._hearing
        if hearing is None:
            return str(Status(self.status).label)
        until = date_format(hearing.deadline, "SHORT_DATE_FORMAT")
        return pgettext("application status", "Hearing until %(day)s") % {"day": until}

    def status_words_for(self, role: Role) -> str:
        """The status as the role sees it: a hearing is no business of the technical contact."""
        if role == Role.TECHNICAL_CONTACT:
            return str(Status(self.status).label)
        is_asked = self.status == Status.INFO_REQUESTED and self._hearing is None
        if role == Role.APPLICANT and is_asked:
            return pgettext("application status", "Waiting for your reply")
        return self.status_words

    @property
    def _hearing(self) -> "InformationRequest | None":
        question = self.question if self.status == Status.INFO_REQUESTED else None
        return question if question is not None and question.is_hearing else None


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

    keeping = Ordinary("edited with the order; what was sent stands in its submission")

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["name"], name="host_name_orders")]
        constraints = [
            models.UniqueConstraint(fields=["application", "name"], name="host_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


@asked_once
def _hosts(application: Application) -> tuple[HostName, ...]:
    return tuple(rows_of(application, "host_names"))
