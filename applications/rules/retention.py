"""How long each class of records is kept, on what basis, and what is done when the time is over.

`services.erase_expired` carries the table out; docs/retention.md is written from it. A change of a
term is a change of this table and of nothing else.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from certportal.foundation import clock

# Basis 906/2019, 21 §: an authority determines how long it needs each of its data sets.
OWN_PLAN = "The authority's own determination (906/2019, 21 §)"


@dataclass(frozen=True, slots=True)
class RecordClass:
    """One class: what it holds, how long it is kept from what moment, why, and what is done then.

    Kept are months (None: without end), or days where a month is too long.
    """

    id: str
    records: str
    months: int | None
    since: str
    basis: str
    done: str
    days: int = 0

    def limit(self, now: datetime) -> datetime:
        """Return the moment before which the term must have begun to be over now."""
        if self.days:
            return clock.start_of_day(clock.day(now) - timedelta(days=self.days))
        assert self.months is not None
        return clock.start_of_day(clock.add_months(clock.day(now), -self.months))

    @property
    def kept(self) -> str:
        """The term in words."""
        if self.days:
            return f"{self.days} days"
        if self.months is None:
            return "without end"
        years, months = divmod(self.months, 12)
        many, unit = (months, "month") if months else (years, "year")
        return f"{many} {unit}{'' if many == 1 else 's'}"


ISSUED = RecordClass(
    "issued",
    "Orders that led to a certificate, with what was sent, asked, answered and decided",
    60,
    "the end of the certificate's validity",
    "Certificate register: at least five years from the end of validity (617/2009, 24 §)",
    "Names, addresses, phone numbers and free text are blanked; requests and attachments removed",
)
REJECTED = RecordClass(
    "rejected",
    "Rejected orders and their decisions",
    60,
    "the decision",
    OWN_PLAN,
    "As for orders that led to a certificate",
)
ENDED = RecordClass(
    "ended",
    "Orders that were withdrawn or lapsed",
    24,
    "the end of handling",
    OWN_PLAN,
    "As for orders that led to a certificate",
)
DRAFTS = RecordClass(
    "drafts",
    "Orders that were never sent",
    12,
    "the last change",
    OWN_PLAN,
    "Removed whole with their uploads, after warnings a month and a week before",
)
PERSONS = RecordClass(
    "persons",
    "Persons who belong to no account and hold no role, and whom no kept order names",
    60,
    "the end of the last membership or role",
    OWN_PLAN,
    "Name, address, the hashes of identifiers, second factors and what was told of the right to"
    " act are removed, and the logins closed",
)
RIGHTS = RecordClass(
    "rights",
    "Documents handed in to show a right to act for an organisation",
    60,
    "the handing in",
    OWN_PLAN,
    "Removed; the reviewer's word on by what the right was seen stays with the membership",
)
SESSIONS = RecordClass(
    "sessions",
    "Sessions: their times, network address and the name of the browser",
    None,
    "the session's beginning; none lasts longer than twelve hours",
    "Storage limitation (EU 2016/679, article 5(1)(e)); people see their own sessions",
    "Removed",
    days=7,
)
CODES = RecordClass(
    "codes",
    "Codes mailed to confirm an address, with addresses unconfirmed or replaced",
    None,
    "the code's end",
    "Storage limitation (EU 2016/679, article 5(1)(e)); time to answer why a code did not work",
    "Removed",
    days=2,
)
WORK = RecordClass(
    "work",
    "Finished work items (ids; of feedback its words and the address for an answer)"
    " and the counters of limits",
    3,
    "the end of the work",
    OWN_PLAN,
    "Removed",
)
INVITATIONS = RecordClass(
    "invitations",
    "Invitations nobody accepted and requests to join: addresses and who made them",
    12,
    "the invitation's expiry; the request",
    OWN_PLAN,
    "Removed",
)
NOTICES = RecordClass(
    "notices",
    "The ledger of sent reminders and warnings",
    36,
    "the sending",
    OWN_PLAN,
    "Removed",
)
MATTERS = RecordClass(
    "matters",
    "Changes of the register under certificates, successions, and requests for a new administrator:"
    " what was asked and the reasons of what was decided",
    60,
    "the decision",
    OWN_PLAN,
    "The words are blanked",
)
CERTIFICATES = RecordClass(
    "certificates",
    "Certificates, what was prepared and approved (ids), serial numbers, revocations",
    None,
    "",
    "No serial number may ever be used twice (RFC 5280, 4.1.2.2); no personal data",
    "Nothing",
)
EVENTS = RecordClass(
    "events",
    "The audit log: ids, statuses and hashes",
    None,
    "",
    "Who did what must be provable; the rows name nobody once the persons are erased",
    "Nothing",
)
ORIGINS = RecordClass(
    "origins",
    "Network addresses from which events of the audit log were caused",
    12,
    "the event",
    "Storage limitation (EU 2016/679, article 5(1)(e)); time to look into a misuse",
    "Removed",
)
REGISTERS = RecordClass(
    "registers",
    "Every version of the public registers of organisations",
    None,
    "",
    "A decision must be seen against the register of its day",
    "Nothing",
)
TABLE = (
    ISSUED,
    REJECTED,
    ENDED,
    DRAFTS,
    PERSONS,
    RIGHTS,
    SESSIONS,
    CODES,
    INVITATIONS,
    WORK,
    NOTICES,
    MATTERS,
    CERTIFICATES,
    EVENTS,
    ORIGINS,
    REGISTERS,
)

HEAD = """# How long records are kept

Written by `manage.py retention --table` from `applications/retention.py`; a test compares the two.
The job `applications.erase_expired` carries it out every night.

| Records | Kept | Counted from | Basis | When the time is over |
|---|---|---|---|---|
"""


def as_markdown() -> str:
    """Return the table as the document that people read."""
    rows = [(row.records, row.kept, row.since or "–", row.basis, row.done) for row in TABLE]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
