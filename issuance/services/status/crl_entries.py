"""The entries of a CRL: from the database, plus any entry of the last list that it lacks."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from issuance.authority import crl
from issuance.certificate.plan import serial_hex
from issuance.models import Certificate, IssuingCA

# The database joins the entries, because making a million objects here takes seconds. In this
# order a new list normally starts with the entries of the previous list. The second count is of
# entries that do not contain the serial number of their row.
_STATEMENT = """
SELECT count(*),
       count(*) FILTER (WHERE position(decode(serial, 'hex') IN crl_entry) = 0),
       coalesce(string_agg(crl_entry, ''::bytea ORDER BY revoked_at, id), ''::bytea)
FROM issuance_certificate
WHERE issuing_ca_id = %s AND state = 'revoked' AND not_after >= %s
"""


# Serial numbers revoked without a certificate. They are few and come first, so that they do not
# affect the order above.
_LOST = """
SELECT count(*), coalesce(string_agg(crl_entry, ''::bytea ORDER BY id), ''::bytea)
FROM issuance_revokedserial WHERE issuing_ca_id = %s AND not_after >= %s
"""


@dataclass(frozen=True, slots=True)
class Entries:
    """The joined entries (DER) of a list and their number.

    ``carried`` of them are from the previous list and not in the database.
    """

    joined: bytes
    count: int
    carried: int = 0


def collect(ca: IssuingCA, served: crl.Parts | None, this_update: datetime) -> Entries:
    """The entries of the next list of ``ca``; ``served`` is the last list. Raises CrlRefused.

    A certificate stays on the list until it has been on a list published after its expiry: RFC
    5280 section 3.3. A list dated in the future, made before the clock was set back, does not
    count. A published revocation stays published even if the database was restored from a backup
    that does not have it.
    """
    begun = ca.certificate.not_valid_before_utc
    since = min(served.facts.this_update, this_update) if served else begun
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [ca.pk, since])
        count, mismatched, joined = cursor.fetchone()
        cursor.execute(_LOST, [ca.pk, since])
        lost, lost_joined = cursor.fetchone()
    if mismatched:
        raise crl.CrlRefused(f"{mismatched} entries are not those of their certificates")
    found = Entries(bytes(lost_joined) + bytes(joined), count + lost)
    if served is None or found.joined.startswith(served.entries):
        return found
    return _carry(ca, found, served, since)


def _carry(ca: IssuingCA, found: Entries, served: crl.Parts, since: datetime) -> Entries:
    """Add the entries of the last list, except of certificates that the database has as expired."""
    before = crl.by_serial(served.entries)
    gone = before.keys() - crl.by_serial(found.joined).keys()
    serials = {serial_hex(int.from_bytes(serial)): serial for serial in gone}
    revoked = ca.certificates.filter(state=Certificate.State.REVOKED)
    for known in (revoked, ca.revoked_serials.all()):
        ended = known.filter(serial__in=serials, not_after__lt=since)
        for serial in ended.values_list("serial", flat=True):
            del serials[serial]
    carried = [before[serials[serial]] for serial in sorted(serials)]
    joined = b"".join((found.joined, *carried))
    return Entries(joined, found.count + len(carried), len(carried))
