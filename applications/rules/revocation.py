"""Whether a certificate may be revoked, and who asked for it."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from applications.models.revocation import EXPOSED, WORDS, RevocationRequest
from certportal.foundation.errors import Refused
from issuance.models import Certificate
from issuance.services.errors import ReasonStands


class NothingToRevoke(Refused):
    message = _("There is no certificate in force here that could be revoked.")


def obstacles(certificate: Certificate | None, reason: str, *, now: datetime) -> Iterator[Refused]:
    """Yield why the certificate cannot be revoked for the reason.

    The reason of a revoked certificate may still be raised to key compromise (RFC 5280, 5.3.1).
    """
    if certificate is None or certificate.not_after <= now:
        yield NothingToRevoke()
    elif certificate.state == Certificate.State.REVOKED and (
        reason != EXPOSED or certificate.revocation_reason == EXPOSED
    ):
        yield ReasonStands()


def reasons(certificate: Certificate | None, *, now: datetime) -> list[str]:
    """Return the reasons for which the certificate may be revoked; none if it may not be."""
    return [reason for reason in WORDS if not any(obstacles(certificate, reason, now=now))]


def is_proven(certificate: Certificate) -> bool:
    """Return whether it was revoked because its key was proven exposed, without any request."""
    if certificate.revocation_reason != EXPOSED:
        return False
    of_key = Certificate.objects.filter(spki_sha256=certificate.spki_sha256).values("pk")
    return not RevocationRequest.objects.filter(certificate_id__in=of_key, reason=EXPOSED).exists()


def asked_by(certificate: Certificate) -> str:
    """Return the role of the person who requested the revocation for its present reason, or ""."""
    requests = RevocationRequest.objects.filter(
        certificate_id=certificate.pk, reason=certificate.revocation_reason
    )
    return requests.values_list("role", flat=True).first() or ""
