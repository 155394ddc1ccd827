"""Reminders before a certificate expires, and when one is no longer needed."""

from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from applications.kinds import CertificateType
from applications.models import Application, ReplacementItem
from applications.workflow import Status
from certportal.foundation import clock
from issuance.models import Certificate

# Days before the last day of validity.
REMINDERS = (60, 30, 14, 7, 1)


def expiring(now: datetime) -> QuerySet[Certificate]:
    """Return the certificates in force of which a reminder may be due."""
    soon = now + timedelta(days=REMINDERS[0] + 1)
    in_force = Certificate.objects.filter(state=Certificate.State.ISSUED, not_after__gt=now)
    return in_force.filter(not_after__lt=soon).order_by("not_after")


def reminder_due(issued: date, last: date, today: date) -> int | None:
    """Return the reminder whose day has come latest, in days before the last day; None if none.

    A reminder whose day was over when the certificate was issued is never due: nobody is told in
    the same hour that a certificate has come and that it soon ends.
    """
    days = [days for days in REMINDERS if issued < last - timedelta(days=days) <= today <= last]
    return min(days, default=None)


def is_renewed(application: Application, certificate: Certificate) -> bool:
    """Return whether a later order has brought a certificate that does this one's work.

    That is the one a mass replacement has brought, or one in force longer, of the same type and
    unit, with at least the same host names or for the same information system.
    """
    if certificate.replacements.filter(state=ReplacementItem.State.ISSUED).exists():
        return True
    later = Application.objects.filter(
        organisation=application.organisation_id,
        type=application.type,
        record_oid=application.record_oid,
        status__in=[Status.ISSUED, Status.DELIVERED],
    ).exclude(pk=application.pk)
    if not CertificateType(application.type).is_server:
        later = later.filter(
            system_oid=application.system_oid, certified_email=application.certified_email
        )
    names = _names(application)
    same = [other.pk for other in later if names <= _names(other)]
    longer = Certificate.objects.filter(reference__in=same, not_after__gt=certificate.not_after)
    return longer.filter(state=Certificate.State.ISSUED).exists()


def due_now(certificate: Certificate, now: datetime) -> int | None:
    """Return the reminder due for the certificate at this moment, or None."""
    issued, last = clock.day(certificate.issued_at), clock.day(certificate.not_after)
    return reminder_due(issued, last, clock.day(now))


def _names(application: Application) -> set[str]:
    return {host.name for host in application.host_names.all()}
