"""What a mail about an order is about: the order, who reads it, and what the text may say of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _, pgettext

from accounts.models import Person, RightDocument
from accounts.services.rights import documents
from applications.checks.wording import word_all, word_faults
from applications.documents import kept_papers
from applications.models import Application, ContactLink
from applications.replacement import predecessors
from applications.rules import (
    contact_links,
    lapse,
    mail_choices,
    proposed_names,
    recipients,
    sender,
    void_reasons,
)
from applications.rules.recipients import capacity
from applications.rules.told_together import orders_told
from certportal.foundation import clock
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.mail.mails import Asked, To
from issuance.models import Certificate

_order = by_key(Application, "organisation", "submission", "reviewer")


@dataclass(frozen=True, slots=True)
class Matter:
    """An order, the recipient's role in it, and the newest valid link of that recipient, if any.

    `listed`: all of which a reminder tells, soonest first, with this one.
    """

    order: Application
    recipient: str
    link: ContactLink | None
    listed: "Sequence[Due]" = ()

    @property
    def is_contact(self) -> bool:
        """Whether the recipient is the technical contact or the deputy."""
        return self.recipient in contact_links.HOLDERS

    @property
    def on_account(self) -> bool:
        """Whether the recipient reads the order on the account."""
        return not self.is_contact and self.recipient != "mailbox"


@dataclass(frozen=True, slots=True)
class Due:
    """An order of which a reminder tells, the day of which it warns, and its certificate."""

    matter: Matter
    day: date
    certificate: Certificate | None = None


def about_order(asked: Asked) -> Matter | None:
    """Find the order; a draft may have been deleted meanwhile."""
    order = _order(asked.payload["application"])
    return matter_of(order, asked) if order is not None else None


def matter_of(order: Application, asked: Asked) -> Matter:
    recipient = capacity(order, _recipient(order, asked))
    return Matter(order, recipient, contact_links.newest(order, recipient, now=asked.now))


def _recipient(order: Application, asked: Asked) -> str:
    return orders_told(asked.payload).get(str(order.pk)) or str(asked.payload["recipient"])


def to_reader(matter: Matter, asked: Asked) -> To:
    """Return the recipient, unless they have left the organisation meanwhile (`reached`)."""
    return To(*mail_choices.reached(matter.order, _recipient(matter.order, asked)))


def reader(matter: Matter, asked: Asked) -> Person | None:
    return mail_choices.reader(matter.order, _recipient(matter.order, asked))


def numbered(matter: Matter, subject: str) -> str:
    """Return the subject with the name on the certificate and the order's number added."""
    return of_several(matter, f"{subject}: {named(matter.order)}".replace(": (", " ("))


def named(order: Application) -> str:
    """Return the name on the certificate, with whether it is only proposed, and the number."""
    proposed = pgettext("host name", "proposed") if proposed_names.is_proposal(order) else ""
    about = ", ".join(filter(None, [proposed, order.number]))
    return f"{order.called} ({about})".strip()


def of_several(matter: Matter, subject: str) -> str:
    """Return the subject of a mail about several orders, which names them in its text."""
    return f"{_('[TEST]')} {subject}" if matter.order.kind.is_test else subject


def _handed_in(order: Application) -> RightDocument | None:
    sent = order.submission
    return documents.handed_in(sent.person.current, order.organisation) if sent else None


FACTS: dict[str, Callable[[Application], Any]] = {
    "again": lambda order: order.submission is not None and order.submission.number > 1,
    "awaited": proposed_names.are_awaited,
    "confirmed": proposed_names.is_confirmation,
    "decided": lambda order: kept_papers.last_decision(order) is not None,
    "faults": lambda order: [words for _finding, words in word_faults(order.findings)],
    "findings": lambda order: [words for _finding, words in word_all(order.findings)],
    "gets_instead": lambda order: "recipient" not in recipients.package(order),
    "handed_in": _handed_in,
    "lacks_right": lambda order: sender.lacks_right(order, on=clock.day(clock.now())),
    "lapses_on": lapse.lapses_on,
    "last_day": lapse.last_day_of,
    "missing": lambda order: [section.title for section in lapse.missing(order)],
    "predecessor": predecessors.predecessor,
    "refused_by": contact_links.refused_by,
    "removed_on": lapse.removal_of,
    "request_wanted": contact_links.is_awaited,
    "sent_back": proposed_names.sent_back,
    "sent_through": contact_links.came_through,
    "successor": predecessors.successor,
    "supplied_by": contact_links.supplied_by,
    "why_recalled": void_reasons.why_recalled,
}
