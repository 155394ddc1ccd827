"""Bounces: reports of other mail servers about mails that our server had accepted.

A report is matched by the Message-ID of the mail, whose random part is known only to servers and
people that handled it. A report without one of our Message-IDs changes nothing. Only the status
code of a report is stored, since the rest may contain names and addresses.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message
from email.utils import parseaddr
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from flufl.bounce import all_failures

from certportal.foundation.actors import system
from certportal.foundation.models import OutboxItem, Tally
from certportal.foundation.outbox import set_aside
from certportal.foundation.outbox.outbox import MAIL
from certportal.foundation.web import limits

MOST_BYTES = 256 * 1024
"""Enough for the report and the head of the returned mail; its attachments are not read."""

ACTOR = system("bounces")
DELIVERY_STATUS = "message/delivery-status"
# RFC 6533, the same in UTF-8: the parser knows only the type of RFC 3464.
GLOBAL_STATUS = re.compile(rb"message/global-delivery-status", re.IGNORECASE)
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
PERMANENT = "5"
MAILER_DAEMON = "mailer-daemon"
# The empty sender, and what Postfix's pipe replaces it by unless null_sender is empty: pipe(8).
NOBODY = frozenset({"<>", f"<{MAILER_DAEMON}>"})
HEAD_END = re.compile(rb"\r?\n\r?\n")
MESSAGE_ID = re.compile(
    rb"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([1-9][0-9]{0,4}))?@([a-z0-9.-]{1,253})>",
    re.IGNORECASE,
)
# What the parsers raise for hostile input, for instance for deep nesting.
UNREADABLE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MessageError,
    RecursionError,
    TimeoutError,
    TypeError,
    ValueError,
)
COUNTED_BY = timedelta(days=1)

# It would log parts of unreadable reports.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


class Outcome(StrEnum):
    """How a report was treated.

    KNOWN: the mail was set aside or sent again before. UNKNOWN: it names no mail of ours.
    """

    SET_ASIDE = "set_aside"
    KNOWN = "known"
    UNKNOWN = "unknown"
    NO_FAILURE = "no_failure"
    UNREADABLE = "unreadable"


class Sending(NamedTuple):
    """The content of a Message-ID: an outbox item, and its round of attempts (from 1)."""

    item: UUID
    round: int


@dataclass(frozen=True, slots=True)
class Bounce:
    """A report that a mail was given up: the status code (RFC 3463) or "", and which sending.

    `sending` is None if the report names no sending of ours, or several.
    """

    status: str
    sending: Sending | None


class Unreadable(Exception):
    """The report cannot be parsed."""


def read(content: bytes) -> Bounce | None:
    """Return what the report says; None if it is about no failure. Raises Unreadable."""
    content = GLOBAL_STATUS.sub(DELIVERY_STATUS.encode(), content[:MOST_BYTES])
    try:
        report = message_from_bytes(content)
        statuses = list(_blocks(report))
        if statuses:
            status = _failure(statuses)
        else:
            status = _unstandardised_failure(report)
            content = HEAD_END.split(content, 1)[-1]  # a person's reply has our id in its head
        return None if status is None else Bounce(status, _sending(content, report))
    except UNREADABLE as error:
        raise Unreadable from error


def _parts(report: Message) -> Iterator[Message]:
    """Yield the parts of the report, without those of the returned mail."""
    if report.get_content_maintype() != "multipart" or not report.is_multipart():
        yield report
        return
    for part in report.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _blocks(report: Message) -> Iterator[Message]:
    """Yield the field groups of a delivery status: one for the mail, one for each recipient."""
    for part in _parts(report):
        blocks = part.get_payload()
        if part.get_content_type() == DELIVERY_STATUS and isinstance(blocks, list):
            yield from (block for block in blocks if isinstance(block, Message))


def _failure(statuses: list[Message]) -> str | None:
    """Return the status of the first recipient that was given up, None if there is none.

    The action decides (RFC 3464, 2.3.3): a server that tried for days gives up with a 4xx code.
    """
    for block in statuses:
        action = str(block.get("Action", "")).strip().lower()
        found = STATUS.match(str(block.get("Status", "")).strip())
        status = found.group() if found else ""
        if action.startswith("fail") or (not action and status.startswith(PERMANENT)):
            return status
    return None


def _unstandardised_failure(report: Message) -> str | None:
    """Return "" if it reports a permanent failure in another form than RFC 3464, else None."""
    if not _is_of_a_server(report):
        return None
    if report.get_content_type() == "multipart/report":
        kind = str(report.get_param("report-type", "")).lower()
        if kind not in {"", "delivery-status"}:  # such as a read receipt
            return None
    return "" if all_failures(report)[1] else None


def _is_of_a_server(report: Message) -> bool:
    """Whether a mail server wrote it. People and auto-replies may enclose reports and mails too.

    An auto-reply may have an empty sender too, but identifies itself (RFC 3834, 3.1.1 and 5).
    """
    if report["In-Reply-To"]:
        return False
    writer = parseaddr(str(report.get("From", "")))[1].partition("@")[0].lower()
    if writer == MAILER_DAEMON:
        return True
    is_reply = str(report.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied")
    return str(report.get("Return-Path", "")).strip().lower() in NOBODY and not is_reply


def _sending(content: bytes, report: Message) -> Sending | None:
    """Return the sending whose Message-ID is in the report; None unless there is exactly one."""
    domain = settings.MAIL_DOMAIN.lower().encode()
    texts = [content]
    for part in _parts(report):
        if part is not report and part.get("Content-Transfer-Encoding"):
            decoded = part.get_payload(decode=True)
            texts += [decoded] if isinstance(decoded, bytes) else []
    ids = [match for text in texts for match in MESSAGE_ID.findall(text)]
    found = {
        Sending(UUID(key.decode()), int(number or 1))
        for key, number, id_domain in ids
        if id_domain.lower() == domain
    }
    return found.pop() if len(found) == 1 else None


def take(bounce: Bounce | None, *, now: datetime) -> Outcome:
    """Set aside the bounced mail. Raises NotDone while its worker has not finished it."""
    if bounce is None:
        return Outcome.NO_FAILURE
    sent = bounce.sending
    mails = OutboxItem.objects.filter(queue=MAIL)
    if sent is None or not mails.filter(pk=sent.item, round__gte=sent.round).exists():
        return Outcome.UNKNOWN
    was_done = set_aside.came_back(*sent, bounce.status, actor=ACTOR, now=now)
    return Outcome.SET_ASIDE if was_done else Outcome.KNOWN


def count(outcome: Outcome, *, now: datetime) -> None:
    limits.count(_scope(outcome), "", per=COUNTED_BY, now=now)


def counts(*, since: datetime) -> dict[Outcome, int]:
    """Return the number of reports by outcome."""
    found = Tally.objects.filter(scope__in=map(_scope, Outcome), window__gte=since)
    by_scope = dict(found.order_by().values_list("scope").annotate(Sum("count")))
    return {outcome: by_scope.get(_scope(outcome), 0) for outcome in Outcome}


def _scope(outcome: Outcome) -> str:
    return f"bounce.{outcome}"
