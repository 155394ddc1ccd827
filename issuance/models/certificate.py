"""Issued certificates, blocked keys, and keys whose long tests have found nothing."""

from datetime import datetime
from functools import cached_property

from cryptography import x509
from cryptography.x509.oid import NameOID
from django.db import models
from django.db.models import Case, F, Func, Q, When
from django.db.models.functions import Now

from certportal.foundation.database.kept_tables import Kept, Ordinary
from issuance.models.ca import IssuingCA
from issuance.models.prepared import ENVIRONMENT_OF_PROFILE, PreparedCertificate


class Certificate(models.Model):
    """A certificate signed by this CA. The row is kept when the order is erased.

    ``revocation_reason`` is the library's name of the reason (RFC 5280 section 5.3.1).
    ``crl_entry`` is the DER of its entry in the CRL, and ``listed`` the SHA-256 of the entry that
    its CA's ``crl_base`` has; empty if none. Revocation cannot be undone.
    """

    class State(models.TextChoices):
        ISSUED = "issued"
        REVOKED = "revoked"

    prepared = models.OneToOneField(PreparedCertificate, models.PROTECT, related_name="certificate")
    reference = models.UUIDField(unique=True)
    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="certificates")
    organisation = models.ForeignKey("accounts.Organisation", models.PROTECT, related_name="+")
    environment = models.CharField(max_length=10)
    profile_id = models.CharField(max_length=40)
    profile_version = models.PositiveSmallIntegerField()
    serial = models.CharField(max_length=40)
    spki_sha256 = models.CharField(max_length=64, db_index=True)
    der = models.BinaryField()
    sha256 = models.CharField(max_length=64, unique=True)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    issued_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ISSUED)
    revoked_at = models.DateTimeField(null=True)
    revocation_reason = models.CharField(max_length=30, blank=True)
    invalidity_date = models.DateTimeField(null=True)
    crl_entry = models.BinaryField(default=bytes)
    listed = models.BinaryField(default=bytes, db_default=b"")
    # The term of the signer that stored it; a trigger refuses an earlier term than the present. 0:
    # stored before there were terms.
    term = models.PositiveBigIntegerField(default=0, db_default=0)

    keeping = Kept(
        changing=["revocation_reason", "invalidity_date", "crl_entry", "listed"],
        once=["revoked_at"],
        moves={"state": [("issued", "revoked")]},
        # Revocation cannot be undone; its reason may only be changed to key compromise.
        refused="OLD.revocation_reason NOT IN ('', NEW.revocation_reason)"
        " AND NEW.revocation_reason <> 'key_compromise'",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="certificate_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(state="issued", revoked_at__isnull=True, revocation_reason="")
                | (Q(state="revoked", revoked_at__isnull=False) & ~Q(revocation_reason="")),
                name="certificate_state_agrees",
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="certificate_validity_ordered"
            ),
            models.CheckConstraint(
                condition=ENVIRONMENT_OF_PROFILE, name="certificate_environment_of_profile"
            ),
        ]
        indexes = [
            models.Index(
                fields=["issuing_ca", "revoked_at"],
                condition=Q(state="revoked"),
                name="certificate_revoked",
            ),
            # Entries that the last CRL lacks, or has with another reason. Of the expression, unlike
            # of a condition, PostgreSQL keeps statistics, by which it knows that they are few.
            models.Index(
                F("issuing_ca"),
                Case(
                    When(
                        ~Q(listed=Func("crl_entry", function="sha256")),
                        state="revoked",
                        then="not_after",
                    )
                ),
                name="certificate_unlisted",
            ),
            models.Index(fields=["organisation", "-issued_at"], name="certificate_of_organisation"),
            models.Index(
                fields=["not_after"], condition=Q(state="issued"), name="certificate_ending"
            ),
            # Whether a CA has certificates in force, and whether one waits for its OCSP response.
            models.Index(
                fields=["issuing_ca", "not_after"],
                include=["issued_at"],
                name="certificate_of_authority",
            ),
            # Those in force of an organisation, whose orders decide who sees them.
            models.Index(
                fields=["organisation", "not_after"],
                include=["id", "reference"],
                condition=Q(state="issued"),
                name="certificate_of_account",
            ),
            # The blocked keys of certificates in force, without reading the certificates.
            models.Index(
                fields=["spki_sha256"],
                include=["not_after"],
                condition=Q(state="issued"),
                name="certificate_key_standing",
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    @staticmethod
    def in_force(now: datetime) -> Q:
        """The condition for certificates neither revoked nor expired (RFC 5280, 4.1.2.5)."""
        return Q(state=Certificate.State.ISSUED, not_after__gte=now)

    @cached_property
    def certificate(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(bytes(self.der))

    @property
    def called(self) -> str:
        """Its common name: the first host name, the information system, or the mailbox."""
        (name,) = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(name.value)


class BlockedKey(models.Model):
    """A public key that is not certified, since its private key is or may be exposed.

    Identified by the SHA-256 of its SubjectPublicKeyInfo (lower-case hex). ``reason`` is
    ``key_compromise`` (by a revocation), ``private_key_uploaded`` or ``published``. CA/B BR 4.9.1.

    ``final_at`` is since when nobody can end the block: the service has seen for itself that the
    private key is exposed, or a second list or report names the key. Null while one list or report
    alone does, which may be a mistake; such a row may be deleted once it is an `EndedBlock`.
    """

    REASONS = ("key_compromise", "private_key_uploaded", "published")

    spki_sha256 = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=30)
    created_at = models.DateTimeField()
    # The default is for rows of earlier versions, which do not tell.
    final_at = models.DateTimeField(null=True, db_default=Now())
    # False: a day after it was blocked no certificate had the key, and none gets it any more
    # (`services.blocked_keys.settle`).
    may_be_certified = models.BooleanField(default=True, db_default=True)

    keeping = Kept(
        changing=["may_be_certified"],
        once=["final_at"],
        deletable="OLD.final_at IS NULL AND EXISTS (SELECT FROM issuance_endedblock ended"
        " JOIN issuance_blockending ending ON ending.id = ended.ending_id"
        " WHERE ended.spki_sha256 = OLD.spki_sha256 AND ended.created_at = OLD.created_at"
        " AND ending.outcome = 'confirmed')",
    )

    class Meta:
        indexes = [
            # Lists of published keys are long, and next to none of their keys has a certificate. A
            # partial index would keep the pages that a list took, and be estimated by them.
            models.Index(
                fields=["may_be_certified", "spki_sha256"], name="blockedkey_maybe_certified"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["key_compromise", "private_key_uploaded", "published"]),
                name="blockedkey_known_reason",
            )
        ]


class SoundKey(models.Model):
    """A public key of which the tests that take long, by these rules, have found nothing.

    Identified by the SHA-256 of its SubjectPublicKeyInfo (lower-case hex). Only a worker that has
    checked an order writes it.
    """

    spki_sha256 = models.CharField(max_length=64, primary_key=True)
    rule_set_version = models.CharField(max_length=20)

    keeping = Ordinary("tested again where it is missing")
