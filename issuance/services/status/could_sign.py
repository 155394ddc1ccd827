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
from issuance.signers.token import TokenSilent, WrongPin, faults


def keys_out_of_reach(*, now: datetime) -> list[str]:
    """Stems of the CAs that must sign and whose key is missing or is another one.

    The key's storage is checked too, because this process may still have the key in memory or a
    session with the token, and the worker's next start will need the storage. The same is checked
    of the key of the log of events.
    """
    cas = IssuingCA.objects.exclude(state=IssuingCA.State.REVOKED).order_by("pk")
    missing = [ca.stem for ca in cas if is_needed(ca, now) and not _is_reachable(ca)]
    return missing if key.is_whole() else [*missing, key.STEM]


def _is_reachable(ca: IssuingCA) -> bool:
    try:
        signer_for(ca)
        return key_store().exists(ca.stem)
    except (SignerUnavailable, OSError):
        return False


def ensure_token_answers() -> None:
    """Raise TokenSilent if that is how this process's last use of the token failed."""
    _ensure_no(TokenSilent)


def ensure_pin_accepted() -> None:
    """Raise WrongPin if that is how this process's last use of the token failed."""
    _ensure_no(WrongPin)


def _ensure_no(kind: type[SignerUnavailable]) -> None:
    for fault in faults():
        if isinstance(fault, kind):
            raise fault


def ensure_journal() -> None:
    """Raise JournalUnavailable unless each CA that issues has room in its journal.

    Likewise if nobody has the lease and this journal may not take it.
    """
    lease.require_takable()
    for stem in IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE).values_list("stem"):
        files.ensure_room(*stem)


def ensure_journal_copied() -> None:
    """Raise Unavailable unless the second place has each journal and the log, and has room."""
    active = IssuingCA.objects.filter(state=IssuingCA.State.ACTIVE).values_list("stem", flat=True)
    for stem in {*active, *journal.stems()}:
        journal.ensure_copied(stem)
    second_place.ensure_copied()
