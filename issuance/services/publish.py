"""Publishing revocation lists. Runs in the ``ca`` worker only."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from issuance import repository
from issuance.authority import crl
from issuance.conf import pki
from issuance.models import Certificate, IssuingCA
from issuance.services import locks
from issuance.services.signing import signer_for
from issuance.signers import Signer

# Clocks of relying parties lag: a list dated in their future is refused by some.
BACKDATE = timedelta(minutes=5)


def publish_crls(
    *, now: datetime, load_signer: Callable[[IssuingCA], Signer] = signer_for
) -> list[crl.CrlFacts]:
    """Publish the list of every CA that has certificates alive, retired ones too.

    One that fails keeps none of the others back; the failures come as an ExceptionGroup.
    """
    published, failures = [], []
    for ca in IssuingCA.objects.order_by("pk"):
        if _still_needed(ca, now):
            try:
                published.append(publish_crl(ca, now=now, load_signer=load_signer))
            except (Unavailable, crl.CrlRefused, OSError) as error:
                failures.append(error)
    if failures:
        raise ExceptionGroup("revocation lists not published", failures)
    return published


def publish_crl(
    ca: IssuingCA, *, now: datetime, load_signer: Callable[[IssuingCA], Signer] = signer_for
) -> crl.CrlFacts:
    """Sign and publish the list of one CA: checked, then replaced in one step.

    The number is taken first and committed, so that it only ever grows, whatever fails after.
    Raises SignerUnavailable, CrlRefused (the old list stays), Busy (another worker is at it).
    """
    signer = load_signer(ca)
    with locks.alone(f"crl:{ca.stem}"):
        facts, entries = _collect(ca, now)
        der = crl.make(entries, facts, signer)
        served = repository.crl_number(ca.stem)
        crl.check(der, ca.certificate, after=served, now=now)
        repository.replace(repository.crl_path(ca.stem), der)
        IssuingCA.objects.filter(pk=ca.pk).update(crl_next_update=facts.next_update)
    return facts


def _collect(ca: IssuingCA, now: datetime) -> tuple[crl.CrlFacts, list[bytes]]:
    """The next number, and the entry of every certificate revoked and not yet over."""
    with transaction.atomic():
        locked = IssuingCA.objects.select_for_update().get(pk=ca.pk)
        number = max(locked.crl_number, repository.crl_number(ca.stem)) + 1
        locked.crl_number = number
        locked.save(update_fields=["crl_number"])
        revoked = Certificate.objects.filter(
            issuing_ca=ca, state=Certificate.State.REVOKED, not_after__gte=now
        )
        entries = [bytes(der) for der in revoked.order_by("pk").values_list("crl_entry", flat=True)]
        events.record(
            "issuance.crl",
            actor=system("ca"),
            now=now,
            object_type="issuing_ca",
            object_id=ca.stem,
            data={"number": number, "entries": len(entries)},
        )
    validity = timedelta(hours=pki().crl_validity_hours)
    return crl.CrlFacts(number, now - BACKDATE, now + validity), entries


def _still_needed(ca: IssuingCA, now: datetime) -> bool:
    if ca.certificate.not_valid_after_utc < now:
        return False
    return (
        ca.state == IssuingCA.State.ACTIVE
        or Certificate.objects.filter(issuing_ca=ca, not_after__gte=now).exists()
    )


def publish_crl_with(certificate_id: int, *, now: datetime) -> crl.CrlFacts:
    """Publish the list that this revoked certificate belongs on."""
    certificate = Certificate.objects.select_related("issuing_ca").get(pk=certificate_id)
    return publish_crl(certificate.issuing_ca, now=now)
