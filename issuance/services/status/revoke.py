"""Revocation: for good, idempotent, and its reason may only grow to key compromise."""

from datetime import datetime

from cryptography import x509
from django.db import transaction

from certportal.foundation import events, outbox
from certportal.foundation.actors import Actor
from issuance.authority.crl import entry
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.errors import ReasonStands, UnknownReason
from issuance.services.keys import block_key

COMPROMISE = "key_compromise"
REASONS = (
    COMPROMISE,
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
    "unspecified",
)
"""Reasons used, by pyca's names of the flags of RFC 5280 section 5.3.1."""


def revoke(
    certificate_id: int,
    reason: str,
    *,
    actor: Actor,
    invalidity_date: datetime | None = None,
    revoked_at: datetime | None = None,
    now: datetime,
) -> Certificate:
    """Revoke a certificate and have the list published.

    ``revoked_at`` is the day that a published list has given it; otherwise it is ``now``.

    Again with the same reason: nothing happens. ``key_compromise`` after another reason raises
    the reason, keeps the day of revocation and blocks the key. Raises UnknownReason,
    ReasonStands, Certificate.DoesNotExist.
    """
    if reason not in REASONS:
        raise UnknownReason
    with transaction.atomic():
        if reason == COMPROMISE:
            _hold_key(certificate_id)
        certificate = Certificate.objects.select_for_update().get(pk=certificate_id)
        if certificate.state == Certificate.State.REVOKED:
            if reason == certificate.revocation_reason:
                return certificate
            if reason != COMPROMISE:
                raise ReasonStands
        _mark(certificate, reason, invalidity_date, revoked_at or now)
        if reason == COMPROMISE:
            block_key(certificate.spki_sha256, COMPROMISE, actor=actor, now=now)
        _announce(certificate, actor, now)
    return certificate


def _hold_key(certificate_id: int) -> None:
    """Lock the key before the certificate, as `leaks.revoke_key` does: two reports about one key
    would else wait for each other.
    """
    found = Certificate.objects.filter(pk=certificate_id)
    locks.hold(*(f"key:{spki}" for spki in found.values_list("spki_sha256", flat=True)))


def _mark(
    certificate: Certificate, reason: str, invalidity_date: datetime | None, now: datetime
) -> None:
    certificate.state = Certificate.State.REVOKED
    certificate.revoked_at = certificate.revoked_at or now
    certificate.revocation_reason = reason
    certificate.invalidity_date = invalidity_date or certificate.invalidity_date
    certificate.crl_entry = entry(
        int(certificate.serial, 16),
        certificate.revoked_at,
        x509.ReasonFlags[reason],
        certificate.invalidity_date,
    )
    certificate.save(
        update_fields=[
            "state",
            "revoked_at",
            "revocation_reason",
            "invalidity_date",
            "crl_entry",
        ]
    )


def _announce(certificate: Certificate, actor: Actor, now: datetime) -> None:
    events.record(
        "issuance.revoked",
        actor=actor,
        now=now,
        object_type="certificate",
        object_id=certificate.pk,
        organisation_id=certificate.organisation_id,
        data={
            "reference": str(certificate.reference),
            "serial": certificate.serial,
            "reason": certificate.revocation_reason,
        },
    )
    outbox.enqueue(
        "certificate.revoked",
        now=now,
        reference=str(certificate.reference),
        certificate_id=certificate.pk,
    )
