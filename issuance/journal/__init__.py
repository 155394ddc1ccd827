"""The journal: every certificate signed, on disk before it leaves the worker that signed it.

One append-only file per issuing CA, outside the database, so that after a crash or a restored
backup nothing the CA ever signed is unknown. The open file is ``<stem>.journal``; what an operator
has moved aside as ``<stem>.journal.<anything>`` is read before it, in the order of the names.
"""

from issuance.journal.entry import Entry
from issuance.journal.files import JournalUnavailable, ensure_room, path
from issuance.journal.index import (
    anywhere,
    append,
    entries,
    faults,
    find,
    holds_serial,
    of_references,
)

__all__ = [
    "Entry",
    "JournalUnavailable",
    "anywhere",
    "append",
    "ensure_room",
    "entries",
    "faults",
    "find",
    "holds_serial",
    "of_references",
    "path",
]
