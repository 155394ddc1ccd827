"""The journal: every signed certificate, written to disk before it leaves the signing worker.

It has one append-only file per issuing CA, outside the database, so that every certificate the CA
has signed is known even after a crash or a restored backup. The current file is
``<stem>.journal``. Files that an operator has renamed to ``<stem>.journal.<anything>`` are older
and are read before it, sorted by name. With the setting JOURNAL_COPY each line is also in a second
place before the certificate leaves.
"""

from issuance.journal.copies import (
    CopyUnavailable,
    copy_whole,
    ensure_copied,
    ensure_lasting,
    place,
)
from issuance.journal.entry import Entry
from issuance.journal.files import JournalUnavailable, every_path, path, stems
from issuance.journal.identity import identity, renew_identity
from issuance.journal.index import (
    anywhere,
    append,
    ensure_room,
    entries,
    faults,
    find,
    holds_serial,
    in_order,
    labels,
    of_references,
)
