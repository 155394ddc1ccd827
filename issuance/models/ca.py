"""Issuing CAs and the certificates of their OCSP responders: public data only."""

from functools import cached_property, lru_cache
from typing import Self, cast

from cryptography import x509
from django.db import connection, models
from django.db.models import F, Q

from certportal.foundation.database.kept_tables import Kept
from certportal.foundation.database.prepared_statements import Statement
from issuance.algorithms import Branch
from issuance.certificate.plan import Issuer
from issuance.certificate.profiles import Environment


@lru_cache(maxsize=64)
def _parsed(der: bytes) -> x509.Certificate:
    """Cached, because every certificate made needs the CA's name and extensions."""
    return x509.load_der_x509_certificate(der)


class IssuingCA(models.Model):
    """One issuing CA, identified by environment, branch (key type) and generation.

    ``stem`` is the base name of its files, key and addresses. At most one CA is active in each
    environment and branch. A standby CA is published but does not issue yet; a retired CA signs
    CRLs until its last certificate has expired. ``ocsp_next_update`` is the earliest nextUpdate of
    the OCSP responses signed in advance, as of the last time all of them were examined.

    ``crl_base`` is the fingerprint of the last list, if the next may continue it, ``crl_entries``
    the number of its entries, ``crl_compared_at`` when they were last compared with the database;
    null after a difference. See docs/decisions/revocation-lists.md.
    """

    class State(models.TextChoices):
        STANDBY = "standby"
        ACTIVE = "active"
        RETIRED = "retired"
        REVOKED = "revoked"

    stem = models.SlugField(max_length=40, unique=True)
    environment = models.CharField(max_length=10)
    branch = models.CharField(max_length=3)
    generation = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    certificate_der = models.BinaryField()
    root_der = models.BinaryField()
    crl_number = models.PositiveBigIntegerField(default=0)
    crl_next_update = models.DateTimeField(null=True)
    crl_base = models.CharField(max_length=64, blank=True, db_default="")
    crl_entries = models.PositiveBigIntegerField(default=0, db_default=0)
    crl_compared_at = models.DateTimeField(null=True)
    ocsp_next_update = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    keeping = Kept(
        changing=[
            *["crl_number", "crl_next_update", "crl_base", "crl_entries", "crl_compared_at"],
            "ocsp_next_update",
        ],
        moves={
            "state": [
                ("standby", "active"),
                ("standby", "retired"),
                ("active", "retired"),
                ("standby", "revoked"),
                ("active", "revoked"),
                ("retired", "revoked"),
            ]
        },
        # RFC 5280 section 5.2.3: the CRL numbers of a CA never decrease.
        refused="NEW.crl_number < OLD.crl_number",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "branch", "generation"], name="issuingca_generation_once"
            ),
            models.UniqueConstraint(
                fields=["environment", "branch"],
                condition=Q(state="active"),
                name="issuingca_one_active",
            ),
            models.CheckConstraint(
                condition=Q(environment__in=["production", "test"])
                & Q(branch__in=["rsa", "ec"])
                & Q(state__in=["standby", "active", "retired", "revoked"]),
                name="issuingca_known_values",
            ),
        ]

    def __str__(self) -> str:
        return self.stem

    @cached_property
    def certificate(self) -> x509.Certificate:
        return _parsed(bytes(self.certificate_der))

    @property
    def crl_stopped(self) -> bool:
        """Whether no CRL is published, since the last differed from the database."""
        return bool(self.crl_base) and self.crl_compared_at is None

    @cached_property
    def root(self) -> x509.Certificate:
        return _parsed(bytes(self.root_der))

    @classmethod
    def read(cls, condition: str, *parameters: list[int]) -> list[Self]:
        """The CAs for which the SQL ``condition`` holds, read without the ORM's query compiler.

        ``condition`` must be a constant: it is part of the statement. Values go in ``parameters``.
        """
        names = [field.attname for field in cls._meta.concrete_fields]
        with connection.cursor() as cursor:
            columns = f"{', '.join(names)} FROM {cls._meta.db_table}"
            types = ["bigint[]"] * len(parameters)
            cursor.execute(Statement(f"SELECT {columns} WHERE {condition}", types), parameters)
            return [cls.from_db(connection.alias, names, row) for row in cursor.fetchall()]

    def issuer(self) -> Issuer:
        """The public data for building certificates; addresses and policy from the settings."""
        from issuance.conf import pki

        conf = pki()
        environment: Environment = "test" if self.environment == "test" else "production"
        branch = cast(Branch, self.branch)
        return Issuer(
            certificate=self.certificate,
            environment=environment,
            branch=branch,
            policy=conf.policy(environment, branch),
            crl_url=conf.crl_url(self.stem),
            certificate_url=conf.certificate_url(self.stem),
            ocsp_url=conf.ocsp_url(self.stem),
        )


class OcspResponder(models.Model):
    """The certificate of a delegated OCSP responder of one CA, valid for some days.

    The private key exists only in the memory of the `ca` worker process that made it.
    """

    issuing_ca = models.ForeignKey(IssuingCA, models.PROTECT, related_name="responders")
    serial = models.CharField(max_length=40)
    der = models.BinaryField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    created_at = models.DateTimeField()

    keeping = Kept()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["issuing_ca", "serial"], name="ocspresponder_serial_once"
            ),
            models.CheckConstraint(
                condition=Q(not_before__lt=F("not_after")), name="ocspresponder_validity_ordered"
            ),
        ]
