"""Retention periods: how long each class of records is kept, why, and what happens afterwards.

`services.erase_expired` applies the table and docs/retention.md is generated from it, so that a
retention period is changed here only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from applications.rules.lapse import DRAFT_MONTHS
from certportal.foundation import clock

# Basis 906/2019, 21 §: an authority determines how long it needs each of its data sets.
OWN_PLAN = "The authority's own determination (906/2019, 21 §)"


@dataclass(frozen=True, slots=True)
class RecordClass:
    """One class of records.

    `records` says what it holds; `since` when the retention period begins; `basis` why it is kept
    that long; `done` what is done afterwards. The period is `days` if that is not 0, else `months`
    (None: kept for ever).
    """

    records: str
    months: int | None
    since: str
    basis: str
    done: str
    days: int = 0

    def limit(self, now: datetime) -> datetime:
        """Return the cut-off at `now`: records whose period began before it are erased.

        It is the start of a day in Finnish time. Raises AssertionError for a class that is kept
        for ever.
        """
        if self.days:
            return clock.start_of_day(clock.day(now) - timedelta(days=self.days))
        assert self.months is not None
        return clock.start_of_day(clock.add_months(clock.day(now), -self.months))

    @property
    def kept(self) -> str:
        """The retention period in words, such as "5 years"."""
        if self.days:
            return f"{self.days} days"
        if self.months is None:
            return "without end"
        years, months = divmod(self.months, 12)
        count, unit = (months, "month") if months else (years, "year")
        return f"{count} {unit}{'' if count == 1 else 's'}"


ISSUED = RecordClass(
    "Orders that led to a certificate, with what was sent, asked, answered and decided",
    60,
    "the end of the certificate's validity",
    "Certificate register: at least five years from the end of validity (617/2009, 24 §)",
    "Names, addresses, phone numbers and free text are blanked; requests and attachments removed",
)
REJECTED = RecordClass(
    "Rejected orders and their decisions",
    60,
    "the decision",
    OWN_PLAN,
    "As for orders that led to a certificate",
)
ENDED = RecordClass(
    "Orders that were withdrawn or lapsed",
    24,
    "the end of handling",
    OWN_PLAN,
    "As for orders that led to a certificate",
)
DRAFTS = RecordClass(
    "Orders that were never sent",
    DRAFT_MONTHS,
    "the last change",
    OWN_PLAN,
    "Removed with their uploads, after warnings a month and a week before",
)
PERSONS = RecordClass(
    "Persons who belong to no account and hold no role, and whom no kept order names",
    60,
    "the end of the last membership or role",
    OWN_PLAN,
    "Name, address, hashes of identifiers, second factors and the description of the right to act"
    " are removed, and the logins closed",
)
RIGHTS = RecordClass(
    "Documents handed in to show a right to act for an organisation",
    60,
    "the handing in",
    OWN_PLAN,
    "Removed; the reviewer's note on the evidence stays with the membership",
)
HELD = RecordClass(
    "Documents chosen in a form about a right to act that was not completed",
    None,
    "the upload",
    "Storage limitation (EU 2016/679, article 5(1)(e)); time to complete the form",
    "Removed",
    days=2,
)
SESSIONS = RecordClass(
    "Sessions: their times, network address and the name of the browser",
    None,
    "the session's beginning; none lasts longer than twelve hours",
    "Storage limitation (EU 2016/679, article 5(1)(e)); people see their own sessions",
    "Removed",
    days=7,
)
CODES = RecordClass(
    "Codes mailed to confirm an address, with addresses unconfirmed or replaced",
    None,
    "the code's end",
    "Storage limitation (EU 2016/679, article 5(1)(e)); time to answer why a code did not work",
    "Removed",
    days=2,
)
INVITATIONS = RecordClass(
    "Invitations nobody accepted and requests to join: addresses and who made them",
    12,
    "the invitation's expiry; the request",
    OWN_PLAN,
    "Removed",
)
WORK = RecordClass(
    "Finished work items (ids; for feedback its text and the address for an answer)"
    " and the counters of limits",
    3,
    "the end of the work",
    OWN_PLAN,
    "Removed",
)
NOTICES = RecordClass(
    "The ledger of sent reminders and warnings",
    36,
    "the sending",
    OWN_PLAN,
    "Removed",
)
MATTERS = RecordClass(
    "Register changes that affect certificates, successions, requests for a new administrator,"
    " and decisions about accounts and their people: the requests and the reasons of the decisions",
    60,
    "the decision",
    OWN_PLAN,
    "The texts are blanked",
)
CONSENTS = RecordClass(
    "Permissions of suppliers to act as a customer's technical contact: the two organisations, the"
    " last day, and who gave and ended it (ids)",
    None,
    "",
    "It must be provable by what right somebody acted; no personal data",
    "Nothing",
)
CERTIFICATES = RecordClass(
    "Certificates, what was prepared and approved (ids), serial numbers, revocations",
    None,
    "",
    "No serial number may ever be used twice (RFC 5280, 4.1.2.2); the only address in them is the"
    " organisation's mailbox that an email certificate names",
    "With the order, requests, findings and the marks of whom the order concerns are removed",
)
EVENTS = RecordClass(
    "The audit log: ids, statuses and hashes",
    None,
    "",
    "Who did what must be provable; the rows name nobody once the persons are erased",
    "Nothing",
)
ORIGINS = RecordClass(
    "Network addresses from which events of the audit log were caused",
    12,
    "the event",
    "Storage limitation (EU 2016/679, article 5(1)(e)); time to look into a misuse",
    "Removed",
)
REGISTERS = RecordClass(
    "Every version of the public registers of organisations",
    None,
    "",
    "A decision must be seen against the register of its day",
    "Nothing",
)
# In the order of docs/retention.md.
TABLE = tuple(value for value in list(vars().values()) if isinstance(value, RecordClass))

HEAD = """# How long records are kept

Written by `manage.py retention --table` from `applications/rules/retention.py`;
a test compares the two. The job `applications.erase_expired` applies it every night.

| Records | Kept | Counted from | Basis | Afterwards |
|---|---|---|---|---|
"""


def as_markdown() -> str:
    """Return the table as the Markdown of docs/retention.md."""
    rows = [(row.records, row.kept, row.since or "–", row.basis, row.done) for row in TABLE]
    return HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
