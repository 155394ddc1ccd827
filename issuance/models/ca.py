"""Issuing CAs: public side only."""

from functools import cached_property, lru_cache
from typing import Self

from cryptography import x509
from django.db import connection, models
from django.db.models import Q

from issuance.plan import Issuer
from issuance.profiles import Branch, Environment


@lru_cache(maxsize=64)
def _parsed(der: bytes) -> x509.Certificate:
    """Read once in a process: its names and extensions are asked for with each certificate made."""
    return x509.load_der_x509_certificate(der)


class IssuingCA(models.Model):
    """One issuing CA: an environment, a branch (kind of key) and a generation.

    ``stem`` names its files, key and addresses. Of each environment and branch at most one is
    active. One on standby is published and does not issue yet; a retired one keeps signing
    revocation lists until its last certificate ends. ``ocsp_next_update`` is when the first of the
    responses signed ahead ends, seen when all of them were looked through last.
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
    ocsp_next_update = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

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
        """The issuing CA's own certificate."""
        return _parsed(bytes(self.certificate_der))

    @cached_property
    def root(self) -> x509.Certificate:
        """The root certificate above it."""
        return _parsed(bytes(self.root_der))

    @classmethod
    def read(cls, condition: str, *parameters: list[int]) -> list[Self]:
        """The CAs for which the SQL ``condition`` holds, read without compiling a query."""
        names = [field.attname for field in cls._meta.concrete_fields]
        with connection.cursor() as cursor:
            columns = f"{', '.join(names)} FROM {cls._meta.db_table}"
            cursor.execute(f"SELECT {columns} WHERE {condition}", parameters)
            return [cls.from_db(connection.alias, names, row) for row in cursor.fetchall()]

    def issuer(self) -> Issuer:
        """The public facts the authority builds certificates with; addresses from settings."""
        from issuance.conf import pki

        conf = pki()
        environment: Environment = "test" if self.environment == "test" else "production"
        branch: Branch = "rsa" if self.branch == "rsa" else "ec"
        return Issuer(
            certificate=self.certificate,
            environment=environment,
            branch=branch,
            policy=conf.policy(environment, branch),
            crl_url=conf.crl_url(self.stem),
            certificate_url=conf.certificate_url(self.stem),
            ocsp_url=conf.ocsp_url(self.stem),
        )
