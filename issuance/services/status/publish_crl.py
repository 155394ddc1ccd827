"""Signing and publishing CRLs. Runs in the ``ca`` worker only."""

from datetime import datetime, timedelta

import structlog
from django.db import transaction

from certportal.foundation import clock, events
from certportal.foundation.actors import system
from certportal.foundation.errors import Unavailable
from issuance.authority import crl
from issuance.conf import pki
from issuance.event_names import IssuanceEvent
from issuance.models import Certificate, IssuingCA
from issuance.publication import repository
from issuance.services import lease, locks
from issuance.services.signer import LoadSigner, signer_for
from issuance.services.status.crl_entries import Differs, Entries, Reading, collect

log = structlog.get_logger(__name__)

# For relying parties with slow clocks, some of which refuse lists and responses dated in their
# future.
BACKDATE = timedelta(minutes=5)
OVERDUE = timedelta(hours=2)
"""Age of a list from which the hourly run has failed: it is then tried every ten minutes."""
NAMED = 20
"""How many serial numbers of a difference the log and the event name."""


def publish_crls(
    *,
    now: datetime,
    reading: Reading = Reading.USUAL,
    load_signer: LoadSigner = signer_for,
    overdue_only: bool = False,
) -> list[crl.CrlFacts]:
    """Publish the list of every CA that needs one (see ``is_needed``), retired CAs included.

    ``overdue_only``: leave out lists that the hourly run has renewed, and those that were stopped.
    If one fails, the others are still published, and the failures raised as an ExceptionGroup.
    """
    published, failures = [], []
    for ca in IssuingCA.objects.order_by("pk"):
        if is_needed(ca, now) and not (overdue_only and (ca.crl_stopped or _is_renewed(ca, now))):
            try:
                facts = publish_crl(ca, now=now, reading=reading, load_signer=load_signer)
                published.append(facts)
            except (Unavailable, crl.CrlRefused, OSError) as error:
                failures.append(error)
    if failures:
        raise ExceptionGroup("revocation lists not published", failures)
    return published


def publish_overdue_crls(*, now: datetime) -> None:
    """Publish the lists that were not renewed while the signer or a key was away."""
    publish_crls(now=now, overdue_only=True)


def _is_renewed(ca: IssuingCA, now: datetime) -> bool:
    served = repository.served_crl(ca.stem)
    return (
        served is not None
        and crl.is_issued_by(served, ca.certificate)
        and clock.is_recent(served.facts.this_update, OVERDUE, now=now)
    )


def publish_crl(
    ca: IssuingCA,
    *,
    now: datetime,
    reading: Reading = Reading.USUAL,
    load_signer: LoadSigner = signer_for,
) -> crl.CrlFacts:
    """Sign, check and atomically publish the list of one CA.

    The CRL number is committed first, so that it is never used again if a later step fails.
    Raises SignerUnavailable, CrlRefused (the old list stays), Busy (another worker does it),
    SignerElsewhere.
    """
    signer = load_signer(ca)
    with locks.alone(f"crl:{ca.stem}"):
        try:
            served = repository.last_crl_by(ca.stem, ca.certificate)
            facts, entries = _begin(ca, served, now, reading)
            der = crl.make(entries.joined, facts, signer)
            after = served.facts.number if served else 0
            made = crl.check(der, ca.certificate, after=after, now=now, entries=entries.joined)
            lease.require()
            repository.publish_list(ca.stem, facts.number, der)
            _record(ca, entries, made, now)
            return facts
        except Differs as different:
            _stop(ca, different, now)
            raise


def _begin(
    ca: IssuingCA, served: crl.Parts | None, now: datetime, reading: Reading
) -> tuple[crl.CrlFacts, Entries]:
    """Take the next CRL number and collect the entries.

    The number: the seconds since 1970, or the last number plus one if that is higher. RFC 5280
    section 5.2.3 requires increasing numbers. Taken from the clock, they increase even if the
    database and the files were both restored from an older backup.

    The entries are marked as listed; until this list is recorded, the CA has no ``crl_base``, so
    if a later step fails, the next list is made from all entries.
    """
    with transaction.atomic():
        lease.hold()
        locked = IssuingCA.objects.select_for_update(no_key=True).get(pk=ca.pk)
        used = max(locked.crl_number, served.facts.number if served else 0)
        locked.crl_number = max(used + 1, int(now.timestamp()))
        until = now + timedelta(hours=pki().crl_validity_hours)
        facts = crl.CrlFacts(locked.crl_number, now - BACKDATE, until)
        entries = collect(locked, served, facts.this_update, reading)
        locked.crl_base = ""
        locked.save(update_fields=["crl_number", "crl_base"])
    return facts, entries


def _stop(ca: IssuingCA, different: Differs, now: datetime) -> None:
    """Publish no list of the CA until the two agree, or an operator has one made afresh."""
    log.error("crl_differs", ca=ca.stem, serials=different.serials[:NAMED])
    with transaction.atomic():
        compared = IssuingCA.objects.filter(pk=ca.pk, crl_compared_at__isnull=False)
        if compared.update(crl_compared_at=None):
            events.record(
                IssuanceEvent.CRL_STOPPED,
                events.Subject("issuing_ca", ca.stem),
                system("ca"),
                now,
                different=len(different.serials),
                serials=different.serials[:NAMED],
            )


def _record(ca: IssuingCA, entries: Entries, made: crl.Parts, now: datetime) -> None:
    if entries.carried:
        log.warning("revocations_not_in_database", ca=ca.stem, count=entries.carried)
    with transaction.atomic():
        # Not if another worker, which this one has lost the lock to, has begun a later list.
        IssuingCA.objects.filter(pk=ca.pk, crl_number=made.facts.number).update(
            crl_next_update=made.facts.next_update,
            crl_base="" if entries.carried else made.fingerprint,
            crl_entries=entries.count,
            crl_compared_at=entries.compared_at,
        )
        events.record(
            IssuanceEvent.CRL,
            events.Subject("issuing_ca", ca.stem),
            system("ca"),
            now,
            number=made.facts.number,
            entries=entries.count,
            carried=entries.carried,
            sha256=made.sha256,
        )


def is_needed(ca: IssuingCA, now: datetime) -> bool:
    """Whether the CA must publish status: it is active or on standby, or has valid certificates.

    After its last certificate has expired one more list is due: RFC 5280 section 3.3.
    """
    if ca.certificate.not_valid_after_utc < now:
        return False
    served = repository.last_crl(ca.stem)
    since = served.facts.this_update if served else now
    serials = (ca.certificates.all(), ca.revoked_serials.all())
    return ca.state in {IssuingCA.State.ACTIVE, IssuingCA.State.STANDBY} or any(
        each.filter(not_after__gte=min(since, now)).exists() for each in serials
    )


def publish_crl_with(certificate_id: int, *, now: datetime) -> crl.CrlFacts | None:
    """Publish the list of this revoked certificate's CA.

    Returns None if the served list already has its entry: a list includes everything revoked
    before, so a mass revocation needs few lists.
    """
    certificate = Certificate.objects.select_related("issuing_ca").get(pk=certificate_id)
    served = repository.served_crl(certificate.issuing_ca.stem)
    if served and served.holds(bytes(certificate.crl_entry)):
        return None
    return publish_crl(certificate.issuing_ca, now=now)
