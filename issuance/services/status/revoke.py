"""Revocation: permanent and idempotent; its reason can only be changed to key compromise."""

from datetime import datetime

from cryptography import x509
from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.outbox import outbox
from issuance.authority.crl import entry
from issuance.csr.request import spki_in
from issuance.event_names import IssuanceEvent
from issuance.keys.policy import hashes_of, read_key
from issuance.models import Certificate
from issuance.services import locks
from issuance.services.blocked_keys import block_key
from issuance.services.errors import ReasonStands, UnknownReason

COMPROMISE = "key_compromise"
REASONS = (
    COMPROMISE,
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
    "unspecified",
)
"""The reasons in use, by the library's names for the reasons of RFC 5280 section 5.3.1."""


def revoke(
    certificate_id: int,
    reason: str,
    *,
    actor: Actor,
    invalidity_date: datetime | None = None,
    revoked_at: datetime | None = None,
    now: datetime,
) -> Certificate:
    """Revoke a certificate and enqueue the publication of the CRL.

    ``revoked_at`` is only given to restore a revocation from a published list; default ``now``.

    Revoking again with the same reason does nothing. ``key_compromise`` after another reason
    changes the reason, keeps the revocation date and blocks the key. Raises UnknownReason,
    ReasonStands, Certificate.DoesNotExist.
    """
    if reason not in REASONS:
        raise UnknownReason
    with transaction.atomic():
        exposed = _held_keys(certificate_id) if reason == COMPROMISE else []
        certificate = Certificate.objects.select_for_update().get(pk=certificate_id)
        if certificate.state == Certificate.State.REVOKED:
            if reason == certificate.revocation_reason:
                return certificate
            if reason != COMPROMISE:
                raise ReasonStands
        _mark(certificate, reason, invalidity_date, revoked_at or now)
        for spki_sha256 in exposed:
            block_key(spki_sha256, COMPROMISE, actor=actor, now=now)
        _announce(certificate, actor, now)
    return certificate


def _held_keys(certificate_id: int) -> list[str]:
    """Lock the key before the certificate, in the same order as `leaked.revoke_key`.

    Otherwise two reports about one key could deadlock. Returns its hashes (`hashes_of`).
    """
    certificate = Certificate.objects.only("der", "spki_sha256").get(pk=certificate_id)
    _, *usual = hashes_of(read_key(spki_in(bytes(certificate.der))))
    keys = sorted([certificate.spki_sha256, *usual])  # as `import_keys` locks them
    locks.hold(*(f"key:{spki}" for spki in keys))
    return keys


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
        update_fields=["state", "revoked_at", "revocation_reason", "invalidity_date", "crl_entry"]
    )


def _announce(certificate: Certificate, actor: Actor, now: datetime) -> None:
    events.record(
        IssuanceEvent.REVOKED,
        certificate,
        actor,
        now,
        reference=str(certificate.reference),
        serial=certificate.serial,
        reason=certificate.revocation_reason,
    )
    outbox.enqueue(
        "certificate.revoked",
        now=now,
        reference=str(certificate.reference),
        certificate_id=certificate.pk,
    )
