"""Issuing CAs: public side only."""

from functools import cached_property

from cryptography import x509
from django.db import models
from django.db.models import Q

from issuance.plan import Issuer
from issuance.profiles import Branch, Environment


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
        return x509.load_der_x509_certificate(bytes(self.certificate_der))

    @cached_property
    def root(self) -> x509.Certificate:
        """The root certificate above it."""
        return x509.load_der_x509_certificate(bytes(self.root_der))

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
