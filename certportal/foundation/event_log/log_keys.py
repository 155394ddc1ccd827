"""The keys of the log, the present one and those before it, and from when to when each signed.

The list is a note signed by the present key (https://c2sp.org/signed-note): a line that names the
format, then canonical JSON for each key, the present one first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from certportal.foundation.event_log.notes import BadNote, Checkpoint, Note, Signer, Verifier
from certportal.foundation.event_log.policy import NOBODY, Policy
from certportal.foundation.event_log.receipts import BadReceipt, Fault, Receipt

FORMAT = "certportal/event-log-keys/v1"
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class LogKey:
    """A key of the log. ``since`` is None if that was not recorded, ``until`` for the present key.

    ``exposed``: from when others may have had the private key.
    """

    verifier: Verifier
    since: datetime | None = None
    until: datetime | None = None
    exposed: datetime | None = None

    @property
    def line(self) -> str:
        """The key's line in the list."""
        return _canonical(
            {
                "key": str(self.verifier),
                "since": _written(self.since),
                "until": _written(self.until),
                "exposed": _written(self.exposed),
            }
        )

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read the key's line. Raises ValueError, LookupError, TypeError."""
        fields = json.loads(line)
        moments = (fields[name] for name in ("since", "until", "exposed"))
        times = [datetime.fromisoformat(each) if each else None for each in moments]
        return cls(Verifier.parse(fields["key"]), *times)


def signed(keys: Sequence[LogKey], signer: Signer) -> str:
    """Return the list as a note."""
    return signer.sign("".join(f"{line}\n" for line in [FORMAT, *(key.line for key in keys)]))


def opened(note: str, present: Verifier) -> tuple[LogKey, ...]:
    """Return the keys of the list, which the present key must have signed. Raises BadNote."""
    parsed = Note.parse(note)
    first, *lines = parsed.text.splitlines()
    if parsed.signed_at(present) is None or first != FORMAT:
        raise BadNote(f"this is no list of keys that {present.name} has signed")
    try:
        keys = tuple(map(LogKey.parse, lines))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadNote("the list of keys is malformed") from error
    if not keys or keys[0].verifier != present:
        raise BadNote("the list of keys does not begin with the present one")
    return keys


def says_all(new: Sequence[LogKey], known: Sequence[LogKey]) -> bool:
    """Whether the new list may replace the known one: it has all its keys, and hides no exposure.

    An exposed key stays exposed, since the same time or an earlier one.
    """
    exposed = {key.verifier: key.exposed for key in new}
    return all(
        key.verifier in exposed
        and (not key.exposed or ((at := exposed[key.verifier]) is not None and at <= key.exposed))
        for key in known
    )


def check(
    receipt: Receipt, keys: Sequence[LogKey], policy: Policy | None
) -> tuple[LogKey, Checkpoint]:
    """Verify the receipt with the key of its log; return that key and the head.

    Whoever has an exposed key can sign heads and events with any date. Its receipts are accepted
    only if as many witnesses as the policy requires signed the head before the exposure. Raises
    BadReceipt.
    """
    key = next((each for each in keys if each.verifier.name == receipt.origin), None)
    if key is None:
        raise BadReceipt(Fault.OTHER_LOG)
    head = receipt.check(key.verifier)
    try:
        at = datetime.fromisoformat(receipt.event["at"])
        is_late = key.until is not None and at > key.until
        is_exposed = key.exposed is not None and (
            at >= key.exposed or not _is_witnessed(receipt, policy, key.exposed)
        )
    except (KeyError, ValueError, TypeError):
        raise BadReceipt(Fault.FORM) from None
    if is_exposed:
        raise BadReceipt(Fault.EXPOSED)
    if is_late:
        raise BadReceipt(Fault.ENDED)
    return key, head


def _is_witnessed(receipt: Receipt, policy: Policy | None, before: datetime) -> bool:
    if policy is None or policy.quorum == NOBODY:
        return False
    try:
        times = policy.signers(receipt.note)
    except BadNote:
        raise BadReceipt(Fault.WITNESS) from None
    return policy.is_met_by([name for name, at in times.items() if at < before.timestamp()])


def _written(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
