"""What the templates of mails may say about an order, by the name that they use."""

from collections.abc import Callable
from typing import Any

from applications.checks.wording import word_all, word_faults
from applications.documents import kept_papers
from applications.models import Application
from applications.replacement import predecessors
from applications.rules import (
    contact_links,
    lapse,
    proposed_names,
    recipients,
    sender,
    void_reasons,
)
from certportal.foundation import clock

FACTS: dict[str, Callable[[Application], Any]] = {
    "again": lambda order: order.submission is not None and order.submission.number > 1,
    "awaited": proposed_names.are_awaited,
    "confirmed": proposed_names.is_confirmation,
    "decided": lambda order: kept_papers.last_decision(order) is not None,
    "faults": lambda order: [words for _finding, words in word_faults(order.findings)],
    "findings": lambda order: [words for _finding, words in word_all(order.findings)],
    "gets_instead": lambda order: "recipient" not in recipients.package(order),
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
