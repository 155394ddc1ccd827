"""What stands on a revocation list: read from the database, and never less than was served."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issuance.authority import crl
from issuance.models import Certificate, IssuingCA
from issuance.plan import serial_hex

# The database joins the entries: a million rows take seconds to become a million objects here.
# The order lets a list begin as the one before it did. A stranger's entry is one that does not
# hold the serial number of its row.
_STATEMENT = """
SELECT count(*),
       count(*) FILTER (WHERE position(decode(serial, 'hex') IN crl_entry) = 0),
       coalesce(string_agg(crl_entry, ''::bytea ORDER BY revoked_at, id), ''::bytea)
FROM issuance_certificate
WHERE issuing_ca_id = %s AND state = 'revoked' AND not_after >= %s
"""


@dataclass(frozen=True, slots=True)
class Entries:
    """The joined entries of a list and how many they are.

    ``carried`` of them stood on the list before and are not in the database.
    """

    joined: bytes
    count: int
    carried: int = 0


def collect(ca: IssuingCA, served: crl.Parts | None, this_update: datetime) -> Entries:
    """The entries of the next list of ``ca``, after the one ``served``. Raises CrlRefused.

    A certificate stays on the list until one has been published after its end: RFC 5280
    section 3.3. A list from the future, made before the clock was put back, is none such. A
    revocation once published stays published, even if the database has come back from a backup
    made before it.
    """
    begun = ca.certificate.not_valid_before_utc
    since = min(served.facts.this_update, this_update) if served else begun
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [ca.pk, since])
        count, strangers, joined = cursor.fetchone()
    if strangers:
        raise crl.CrlRefused(f"{strangers} entries are not those of their certificates")
    found = Entries(bytes(joined), count)
    if served is None or found.joined.startswith(served.entries):
        return found
    return _carry(ca, found, served, since)


def _carry(ca: IssuingCA, found: Entries, served: crl.Parts, since: datetime) -> Entries:
    """Add the entries served that the database neither has nor knows to be over."""
    before = crl.by_serial(served.entries)
    gone = before.keys() - crl.by_serial(found.joined).keys()
    serials = {serial_hex(int.from_bytes(serial)): serial for serial in gone}
    ended = Certificate.objects.filter(
        issuing_ca=ca, serial__in=serials, state=Certificate.State.REVOKED, not_after__lt=since
    )
    for serial in ended.values_list("serial", flat=True):
        del serials[serial]
    carried = [before[serials[serial]] for serial in sorted(serials)]
    joined = b"".join((found.joined, *carried))
    return Entries(joined, found.count + len(carried), len(carried))
