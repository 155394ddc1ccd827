"""The entries of a CRL: those of the last list and what was revoked since, or all anew.

Reading a million entries takes ten times as long as signing them. So a list normally continues the
last one, which the CA's signature protects, if it is the very list that the database has recorded
(``IssuingCA.crl_base``); ``Certificate.listed`` says which entries that one has. Once a day all
entries are read and compared with the last list. See docs/decisions/revocation-lists.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, NamedTuple

from django.db.models import BinaryField, F, Func, QuerySet

from certportal.foundation.database.statements import execute
from issuance.authority import crl
from issuance.certificate.plan import serial_hex
from issuance.models import Certificate, IssuingCA

COMPARED_EVERY = timedelta(hours=26)
"""The nightly comparison comes before; without it, the next publication compares."""

# The database joins the entries, because making a million objects here takes seconds. The second
# count is of entries that do not contain the serial number of their row.
#
# Reads and marks in one statement: no row that is revoked meanwhile is marked without being read.
# The condition is that of the index `certificate_unlisted`, in the same order.
MARK = """
WITH marked AS (
    UPDATE issuance_certificate SET listed = sha256(crl_entry)
    WHERE issuing_ca_id = %s AND (listed = '') = %s
        AND CASE WHEN listed <> sha256(crl_entry) AND state = 'revoked' THEN not_after END >= %s
    RETURNING id, revoked_at, serial, crl_entry
)
SELECT count(*),
       count(*) FILTER (WHERE position(decode(serial, 'hex') IN crl_entry) = 0),
       coalesce(string_agg(crl_entry, ''::bytea ORDER BY revoked_at, id), ''::bytea),
       coalesce(array_agg(serial), ARRAY[]::varchar[])
FROM marked
"""
# Rows that were revoked after the marking are left to the next list, which would repeat them.
WHOLE = """
SELECT count(*),
       count(*) FILTER (WHERE position(decode(serial, 'hex') IN crl_entry) = 0),
       coalesce(string_agg(crl_entry, ''::bytea ORDER BY revoked_at, id), ''::bytea),
       ARRAY[]::varchar[]
FROM issuance_certificate
WHERE issuing_ca_id = %s AND state = 'revoked' AND not_after >= %s AND listed <> ''
"""

_OWN_HASH = Func(F("crl_entry"), function="sha256", output_field=BinaryField())


class Reading(Enum):
    """How entries are read: as usual; all, compared with the last list; all, not compared."""

    USUAL = auto()
    COMPARED = auto()
    AFRESH = auto()


class Differs(crl.CrlRefused):
    """The last list is not what the database says; ``serials`` differ.

    None if publishing was stopped before, and that list is not there any more.
    """

    def __init__(self, serials: Sequence[str]) -> None:
        count = len(serials)
        super().__init__(f"{count} entries of the last list differ" if count else "stopped before")
        self.serials = serials


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries (DER) of a list, joined in a few parts, and their number.

    ``carried`` of them are from the previous list and not in the database. ``compared_at``: when
    all were last read.
    """

    joined: Sequence[crl.Octets]
    count: int
    compared_at: datetime
    carried: int = 0


class _Read(NamedTuple):
    """Entries: their number, joined, and the serial numbers of those just marked."""

    number: int
    joined: bytes
    serials: Sequence[str]


def collect(
    ca: IssuingCA, served: crl.Parts | None, this_update: datetime, reading: Reading = Reading.USUAL
) -> Entries:
    """The entries of the next list of ``ca``, whose row is locked; ``served`` is the last list.

    A certificate stays on the list until it has been on a list published after its expiry: RFC
    5280 section 3.3. A list dated in the future, made before the clock was set back, does not
    count. A published revocation stays published even if the database was restored from a backup
    that does not have it. Raises CrlRefused, Differs.
    """
    begun = ca.certificate.not_valid_before_utc
    since = min(served.facts.this_update, this_update) if served else begun
    base = served if served and ca.crl_base == served.fingerprint else None
    if reading is Reading.AFRESH:
        base = None
    elif ca.crl_stopped and base is None:
        raise Differs([])
    raised, new = (_mark(ca, since, is_new=each) for each in (False, True))
    lost = ca.revoked_serials.filter(not_after__gte=since).order_by("pk")
    first = [bytes(each) for each in lost.values_list("crl_entry", flat=True)]
    due = ca.crl_compared_at is None or abs(this_update - ca.crl_compared_at) > COMPARED_EVERY
    # A list dated in the future may lack certificates that expire before its date.
    ahead = served is not None and served.facts.this_update > this_update
    compare = due or ahead or reading is Reading.COMPARED
    if base and not compare and not raised.number and all(map(base.holds, first)):
        joined = (base.entries, new.joined)
        return Entries(joined, ca.crl_entries + new.number, ca.crl_compared_at or this_update)
    whole = _read(WHOLE, [ca.pk, since])
    found = Entries((b"".join(first), whole.joined), len(first) + whole.number, this_update)
    if served is None:
        return found
    if base is None:
        return _carry(ca, found, served, since)
    _compare(ca, found, base, since, raised=raised, new=new)
    return found


def _mark(ca: IssuingCA, since: datetime, *, is_new: bool) -> _Read:
    """Entries that were never on a list, or those whose reason was raised since; marked as listed.

    The marks mean nothing until the list is recorded as the CA's ``crl_base``.
    """
    return _read(MARK, [ca.pk, is_new, since])


def _read(statement: str, parameters: Sequence[int | datetime]) -> _Read:
    ((number, mismatched, joined, serials),) = execute(statement, parameters)
    if mismatched:
        raise crl.CrlRefused(f"{mismatched} entries are not those of their certificates")
    return _Read(number, bytes(joined), serials)


def _carry(ca: IssuingCA, found: Entries, served: crl.Parts, since: datetime) -> Entries:
    """Add the entries of the last list, except of certificates that the database has as expired."""
    joined = b"".join(found.joined)
    if joined.startswith(served.entries):
        return found
    before = crl.by_serial(served.entries)
    gone = _not_ended(ca, before.keys() - crl.by_serial(joined).keys(), since)
    carried = [before[gone[serial]] for serial in sorted(gone)]
    return Entries((joined, *carried), found.count + len(carried), found.compared_at, len(carried))


def _compare(
    ca: IssuingCA, found: Entries, base: crl.Parts, since: datetime, *, raised: _Read, new: _Read
) -> None:
    """Raise Differs unless the last list has what the database says was on it, and still is."""
    joined = b"".join(found.joined)
    if joined.startswith(base.entries) and joined[len(base.entries) :] == new.joined:
        return
    before, now = crl.by_serial(base.entries), crl.by_serial(joined)
    appeared = _named(now.keys() - before.keys())
    expired = ca.certificates.filter(serial__in=[*appeared], not_after__lt=base.facts.this_update)
    kept = ca.revoked_serials.all()
    for serial in (*new.serials, *_serials(kept), *_serials(expired)):
        appeared.pop(serial, None)
    changed = _named(key for key, entry in before.items() if now.get(key, entry) != entry)
    # Also those whose reason was raised after the marking: the next list marks them.
    unmarked = ca.certificates.filter(serial__in=[*changed]).exclude(listed=_OWN_HASH)
    for serial in (*raised.serials, *_serials(unmarked)):
        changed.pop(serial, None)
    vanished = _not_ended(ca, before.keys() - now.keys(), since)
    if different := sorted({*appeared, *changed, *vanished}):
        raise Differs(different)


def _not_ended(ca: IssuingCA, keys: Iterable[bytes], since: datetime) -> dict[str, bytes]:
    """Those of the serial numbers, by name, whose certificates have not expired by the database."""
    serials = _named(keys)
    revoked = ca.certificates.filter(state=Certificate.State.REVOKED)
    for known in (revoked, ca.revoked_serials.all()):
        ended = known.filter(serial__in=[*serials], not_after__lt=since)
        for serial in _serials(ended):
            del serials[serial]
    return serials


def _serials(known: QuerySet[Any]) -> Iterable[str]:
    return known.values_list("serial", flat=True)


def _named(keys: Iterable[bytes]) -> dict[str, bytes]:
    """Serial numbers as certificates are stored with them, to their content octets."""
    return {serial_hex(int.from_bytes(key)): key for key in keys}
