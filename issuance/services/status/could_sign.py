"""For monitoring, in the ``ca`` worker: whether it could sign and record a certificate now."""

from datetime import datetime

from issuance import journal
from issuance.journal import files
from issuance.models import IssuingCA
from issuance.services import lease
from issuance.services.event_log import key, second_place
from issuance.services.signer import key_store, signer_for
from issuance.services.status.publish_crl import is_needed
from issuance.signers import SignerUnavailable


def keys_out_of_reach(*, now: datetime) -> list[str]:
    """Stems of the CAs that must sign and whose key is not there, or is another one.

    A key that was read from a file stays in memory, and a session with a token lasts; so the place
    of the key is asked as well: the next start of the worker needs it. The same goes for the key
    of the log of events.
    """
    cas = IssuingCA.objects.exclude(state=IssuingCA.State.REVOKED).order_by("pk")
    missing = [ca.stem for ca in cas if is_needed(ca, now) and not _is_reached(ca)]
    return missing if key.is_whole() else [*missing, key.STEM]


def _is_reached(ca: IssuingCA) -> bool:
    try:
        signer_for(ca)
        return key_store().exists(ca.stem)
    except (SignerUnavailable, OSError):
        return False


def ensure_journal() -> None:
    """Raise JournalUnavailable unless each CA that issues has room in its journal.

    Also if nobody has the lease, and the journal lacks what it needs to take it.
    """
    lease.require_takable()
    for stem in IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE).values_list("stem"):
        files.ensure_room(*stem)


def ensure_journal_copied() -> None:
    """Raise Unavailable unless the second place holds each journal, the log and has room."""
    active = IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE).values_list("stem", flat=True)
    for stem in {*active, *journal.stems()}:
        journal.ensure_copied(stem)
    second_place.ensure_copied()
