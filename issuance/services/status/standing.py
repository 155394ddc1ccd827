"""The status of certificates: by the database, but revoked if the last published CRL says so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import or_
from pathlib import Path

from cryptography import x509
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Substr

from issuance import journal
from issuance.authority import crl
from issuance.authority.ocsp import Standing, Status
from issuance.certificate.plan import serial_hex
from issuance.der import read, write
from issuance.models import Certificate, IssuingCA
from issuance.publication import ocsp_packs, repository
from issuance.services.errors import NotReconciled

GOOD, UNKNOWN = Status(Standing.GOOD), Status(Standing.UNKNOWN)

type Listed = Mapping[str, Mapping[str, bytes]]
"""Entries (DER) of a CRL by the name of the pack, then by serial number (hex)."""


def in_packs(ca: IssuingCA, names: Sequence[str], now: datetime) -> dict[str, dict[str, Status]]:
    """By pack, the status of every unexpired certificate by serial number (hex).

    A certificate on the last published list is revoked even if the database was restored from an
    older backup.
    """
    bounds = map(ocsp_packs.serials_of, names)
    ranges = (Q(serial__gte=first, serial__lt=end) for first, end in bounds)
    found: dict[str, dict[str, Status]] = {name: {} for name in names}
    for serial, status in _statuses(_alive(ca, now).filter(reduce(or_, ranges))).items():
        found[ocsp_packs.name_of(serial)][serial] = status
    listed = _listed(ca)
    for name, statuses in found.items():
        for serial, entry in listed.get(name, {}).items():
            if statuses.get(serial, GOOD) == GOOD:
                statuses[serial] = of_entry(entry)
    return found


def of_serial(ca: IssuingCA, serial: int) -> Status:
    """The status of one certificate, expired or not; unknown if it was never issued.

    Raises NotReconciled if only the journal has it.
    """
    text = serial_hex(serial)
    found = _statuses(Certificate.objects.filter(issuing_ca=ca, serial=text)).get(text)
    entry = _listed(ca).get(ocsp_packs.name_of(text), {}).get(text)
    if entry and (found is None or found == GOOD):
        return of_entry(entry)
    if found is not None:
        return found
    if ca.responders.filter(serial=text).exists():
        return GOOD
    if journal.holds_serial(ca.stem, serial):
        raise NotReconciled(text)
    return UNKNOWN


def pack_names(ca: IssuingCA, now: datetime) -> set[str]:
    """The names of the packs needed for unexpired certificates and for the last list's entries."""
    first, end = ocsp_packs.DIGITS
    names = _alive(ca, now).annotate(name=Substr("serial", first + 1, end - first))
    return set(names.values_list("name", flat=True).distinct()) | _listed(ca).keys()


def last_revocations(ca: IssuingCA, now: datetime) -> dict[str, datetime]:
    """The time of the latest revocation in each pack; packs without one are left out.

    Revocations in the future (the clock was set back) are ignored: their pack would always be due.
    """
    first, end = ocsp_packs.DIGITS
    revoked = _alive(ca, now).filter(state=Certificate.State.REVOKED, revoked_at__lte=now)
    named = revoked.annotate(name=Substr("serial", first + 1, end - first))
    return dict(named.values_list("name").annotate(Max("revoked_at")))


def of_entry(entry: bytes) -> Status:
    """The status given by an entry (DER) of a CRL: RFC 5280 section 5.3."""
    _serial, revoked_at, *extensions = read.read(entry).children()
    reason = None
    for each in extensions[0].children() if extensions else ():
        identifier, *_, value = each.children()
        if read.object_identifier(identifier) == x509.CRLReason.oid.dotted_string:
            (code,) = value.content[2:]
            reason = _REASONS[code]
    return Status(Standing.REVOKED, write.moment(revoked_at.encoded), reason)


_REASONS: Mapping[int, x509.ReasonFlags] = {
    x509.CRLReason(flag).public_bytes()[-1]: flag for flag in x509.ReasonFlags
}


def _alive(ca: IssuingCA, now: datetime) -> QuerySet[Certificate]:
    return Certificate.objects.filter(issuing_ca=ca, not_after__gte=now)


def _statuses(certificates: QuerySet[Certificate]) -> dict[str, Status]:
    rows = certificates.values_list("serial", "state", "revoked_at", "revocation_reason")
    return {serial: _status(state, since, reason) for serial, state, since, reason in rows}


def _status(state: str, revoked_at: datetime | None, reason: str) -> Status:
    if state != Certificate.State.REVOKED:
        return GOOD
    return Status(Standing.REVOKED, revoked_at, x509.ReasonFlags[reason])


_LISTED: dict[Path, tuple[tuple[int, int], Listed]] = {}


def _listed(ca: IssuingCA) -> Listed:
    """The entries of the list published last, cached until the file is replaced.

    A list can have megabytes, so each is parsed only once in a process.
    """
    file = repository.crl_path(ca.stem)
    try:
        facts = file.stat()
    except FileNotFoundError:
        return _sorted(ca.stem)
    version = (facts.st_ino, facts.st_mtime_ns)
    known = _LISTED.get(file)
    if known is None or known[0] != version:
        known = _LISTED[file] = (version, _sorted(ca.stem))
    return known[1]


def _sorted(stem: str) -> Listed:
    served = repository.last_crl(stem)
    found: dict[str, dict[str, bytes]] = {}
    for serial, entry in crl.by_serial(served.entries if served else b"").items():
        text = serial_hex(int.from_bytes(serial))
        found.setdefault(ocsp_packs.name_of(text), {})[text] = entry
    return found
