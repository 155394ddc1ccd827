"""Prepared certificates, the exact bytes that are linted, shown and signed, and their approvals."""

from datetime import datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from certportal.foundation import clock
from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.database.row_digests import digest_of
from issuance.findings import Finding
from issuance.models.ca import IssuingCA

ENVIRONMENT_OF_PROFILE = Q(environment="test", profile_id__startswith="test_") | (
    Q(environment="production") & ~Q(profile_id__startswith="test_")
)


class PreparedCertificate(models.Model):
    """One attempt to make the certificate of one reference.

    ``tbs`` is the TBSCertificate (DER); ``specimen_der`` is the same signed with a throwaway key,
    for display. An attempt refused by the CA's rules has neither and is stored to show its
    findings. Void and refused attempts are kept. ``replaces`` is the reference of the certificate
    whose key a reissue keeps; ``label`` is the RA's order number. ``concerned`` holds the marks
    of persons whose approvals do not count.
    """

    class State(models.TextChoices):
        PREPARED = "prepared"
        REFUSED = "refused"
        VOID = "void"
        SIGNING = "signing"
        ISSUED = "issued"

    reference = models.UUIDField()
    label = models.CharField(max_length=40, blank=True)
    replaces = models.UUIDField(null=True)
    attempt = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    void_reason = models.CharField(max_length=60, blank=True)
    environment = models.CharField(max_length=10)
    profile_id = models.CharField(max_length=40)
    profile_version = models.PositiveSmallIntegerField()
    rule_set_version = models.CharField(max_length=20)
    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, null=True, related_name="attempts")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    serial = models.CharField(max_length=40, blank=True)
    tbs = models.BinaryField(default=bytes)
    tbs_sha256 = models.CharField(max_length=64, blank=True)
    specimen_der = models.BinaryField(default=bytes)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    spki_sha256 = models.CharField(max_length=64, blank=True)
    csr_der = models.BinaryField()
    csr_sha256 = models.CharField(max_length=64)
    submission_sha256 = models.CharField(max_length=64)
    register_record = models.CharField(max_length=100)
    concerned = ArrayField(models.CharField(max_length=80), default=list)
    findings = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    keeping = Kept(
        once=["void_reason", "closed_at"],
        # From signing to void only if the CA is out of use or the approvers' proof has lapsed:
        # checked by a trigger (migrations 0010 and 0019).
        moves={
            "state": [
                ("prepared", "void"),
                ("prepared", "signing"),
                ("signing", "issued"),
                ("signing", "void"),
            ]
        },
        # Emptied with the order, whose own request, with the same hash, is kept until then.
        erased=["csr_der", "findings", "concerned"],
        erasable="OLD.state NOT IN ('prepared', 'signing')",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "attempt"], name="prepared_attempt_number_once"
            ),
            models.UniqueConstraint(
                fields=["reference"], condition=Q(state="prepared"), name="prepared_one_open"
            ),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(state__in=["signing", "issued"]),
                name="prepared_one_signing_or_issued",
            ),
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"],
                condition=~Q(serial=""),
                name="prepared_serial_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["prepared", "refused", "void", "signing", "issued"]),
                name="prepared_known_state",
            ),
            models.CheckConstraint(
                condition=Q(state="refused", tbs_sha256="")
                | (
                    Q(not_before__lt=F("not_after"), issuing_ca__isnull=False)
                    & ~Q(serial="")
                    & ~Q(tbs_sha256="")
                ),
                name="prepared_complete_unless_refused",
            ),
            models.CheckConstraint(
                condition=Q(state="void") ^ Q(void_reason=""), name="prepared_void_has_reason"
            ),
            models.CheckConstraint(
                condition=ENVIRONMENT_OF_PROFILE, name="prepared_environment_of_profile"
            ),
        ]

        indexes = [
            models.Index(
                fields=["spki_sha256"], condition=Q(state="signing"), name="prepared_key_signing"
            )
        ]

    @property
    def event_data(self) -> dict[str, Any]:
        return {
            "reference": str(self.reference),
            "serial": self.serial,
            "tbs_sha256": self.tbs_sha256,
            "profile": self.profile_id,
            "profile_version": self.profile_version,
        }

    def __str__(self) -> str:
        return f"{self.reference}/{self.attempt}"

    @property
    def is_open(self) -> bool:
        """Whether the attempt can still be approved and issued, if `is_timely`."""
        return self.state == self.State.PREPARED

    @property
    def is_of_active_ca(self) -> bool:
        """Whether the CA that is to sign it issues. A refused attempt has none."""
        return self.issuing_ca is not None and self.issuing_ca.state == IssuingCA.State.ACTIVE

    def is_timely(self, now: datetime) -> bool:
        """Whether the attempt has not expired.

        One prepared by a clock that was ahead has, since its validity would begin later than today.
        """
        return self.created_at - clock.MAY_DIFFER <= now < self.expires_at

    @cached_property
    def specimen(self) -> x509.Certificate:
        """The certificate signed with a throwaway key. Refused attempts have none."""
        return x509.load_der_x509_certificate(bytes(self.specimen_der))

    @property
    def found(self) -> list[Finding]:
        """Findings of the CA's own rules and of the lint."""
        return [Finding.from_json(finding) for finding in self.findings]


class Approval(models.Model):
    """One person's approval of exactly the bytes of one prepared certificate.

    ``role`` is the person's role then, ``reauthenticated_at`` when they last confirmed with their
    second factor. ``register_record`` names the version of the register record at that moment.
    """

    prepared = models.ForeignKey(PreparedCertificate, models.PROTECT, related_name="approvals")
    person = models.ForeignKey("accounts.Person", models.PROTECT, related_name="+")
    role = models.CharField(max_length=30)
    reauthenticated_at = models.DateTimeField()
    register_record = models.CharField(max_length=100, blank=True)
    # How many approvals were required at that moment.
    persons = models.PositiveSmallIntegerField(default=1)
    # From this moment on the approval no longer permits signing: a waiver it rests on has ended.
    until = models.DateTimeField(null=True)
    # The proof by the person's passkey: the stored form of issuance.approvers.proof.Proof.
    assertion = models.JSONField(null=True)
    # The waivers that the approval rests on: a list of stored issuance.approvers.waived.Waived.
    waivers = models.JSONField(null=True)
    created_at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prepared", "person"], name="approval_person_once")
        ]

    @property
    def sha256(self) -> str:
        """SHA-256 (hex) of the conditions and the proof, which the event of the approval has."""
        return digest_of(
            *[self.reauthenticated_at, self.until, self.role, self.register_record],
            *[self.persons, self.waivers, self.assertion],
        )
