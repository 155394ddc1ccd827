"""Mails that came back: what other mail servers report about mails that ours had accepted.

A report names the mail by its Message-ID, whose random part only those know through whose hands the
mail went. Without one of ours it changes nothing. Of a report nothing is kept but the status code:
the rest may hold names and addresses.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, message_from_string
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
"""The report comes first and the head of the returned mail next; its attachments are not read."""

ACTOR = system("bounces")
DELIVERY_STATUS = "message/delivery-status"
GLOBAL_STATUS = "message/global-delivery-status"
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
PERMANENT = "5"
MAILER_DAEMON = "mailer-daemon"
# The second is what Postfix's pipe makes of the first unless null_sender is empty: pipe(8).
NOBODY = frozenset({"<>", f"<{MAILER_DAEMON}>"})
HEAD_END = re.compile(rb"\r?\n\r?\n")
MESSAGE_ID = re.compile(
    rb"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.([0-9]{1,5}))?@([a-z0-9.-]{1,253})>",
    re.IGNORECASE,
)
# What hostile input makes the parsers raise, depth of nesting among it.
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

# It would log what it stumbles over.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


class Outcome(StrEnum):
    """What became of a report."""

    SET_ASIDE = "set_aside"
    KNOWN = "known"
    UNKNOWN = "unknown"
    NO_FAILURE = "no_failure"
    UNREADABLE = "unreadable"


class Sending(NamedTuple):
    """What a Message-ID names: an outbox item, and the round of its attempts."""

    item: UUID
    round: int


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail was given up: the status code (RFC 3463), if any, and which sending it was.

    `sending` is None if the report names none of ours, or several.
    """

    status: str
    sending: Sending | None


class Unreadable(Exception):
    """The report cannot be parsed."""


def read(content: bytes) -> Bounce | None:
    """Return what the report says; None if it is about no failure. Raises Unreadable."""
    content = content[:MOST_BYTES]
    try:
        report = message_from_bytes(content)
        statuses = list(_blocks(report))
        if statuses:
            status = _failure(statuses)
        else:
            status = _unstandardised_failure(report)
            content = HEAD_END.split(content, 1)[-1]  # an answer of a person has it in its head
        return None if status is None else Bounce(status, _sending(content, report))
    except UNREADABLE as error:
        raise Unreadable from error


def _parts(report: Message) -> Iterator[Message]:
    """Yield the parts of the report, not those of the mail that it returns."""
    if report.get_content_maintype() != "multipart" or not report.is_multipart():
        yield report
        return
    for part in report.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _blocks(report: Message) -> Iterator[Message]:
    """Yield the groups of fields of a delivery status: one of the mail, one of each recipient."""
    for part in _parts(report):
        kind, blocks = part.get_content_type(), part.get_payload()
        if kind == GLOBAL_STATUS and isinstance(blocks, list):
            # RFC 6533, which the parser takes for a mail: the first group, and the others as text.
            rest = "".join(str(one.get_payload()) for one in blocks if isinstance(one, Message))
            blocks = message_from_string(f"Content-Type: {DELIVERY_STATUS}\n\n{rest}").get_payload()
        if kind in {DELIVERY_STATUS, GLOBAL_STATUS} and isinstance(blocks, list):
            yield from (one for one in blocks if isinstance(one, Message))


def _failure(statuses: list[Message]) -> str | None:
    """Return the status of the first recipient that was given up, None if there is none.

    A server that tried for days gives up with a 4xx code: the action counts (RFC 3464, 2.3.3).
    """
    for one in statuses:
        action = str(one.get("Action", "")).strip().lower()
        found = STATUS.match(str(one.get("Status", "")).strip())
        status = found.group() if found else ""
        if action.startswith("fail") or (not action and status.startswith(PERMANENT)):
            return status
    return None


def _unstandardised_failure(report: Message) -> str | None:
    """Return "" if the report is one of a failure for good in another form than RFC 3464."""
    if not _is_of_a_server(report):
        return None
    if report.get_content_type() == "multipart/report":
        kind = str(report.get_param("report-type", "")).lower()
        if kind not in {"", "delivery-status"}:  # such as that it has been read
            return None
    return "" if all_failures(report)[1] else None


def _is_of_a_server(report: Message) -> bool:
    """Whether a mail server wrote it: people and their auto-replies enclose reports and mails, too.

    An auto-reply has no sender to return to either, but says what it is (RFC 3834, 3.1.1 and 5).
    """
    if report["In-Reply-To"]:
        return False
    writer = parseaddr(str(report.get("From", "")))[1].partition("@")[0].lower()
    if writer == MAILER_DAEMON:
        return True
    is_reply = str(report.get("Auto-Submitted", "")).strip().lower().startswith("auto-replied")
    return str(report.get("Return-Path", "")).strip().lower() in NOBODY and not is_reply


def _sending(content: bytes, report: Message) -> Sending | None:
    """Return the sending whose Message-ID stands in the report, if there is one and no second."""
    domain = settings.MAIL_DOMAIN.lower().encode()
    texts = [content]
    for part in _parts(report):
        if part is not report and part.get("Content-Transfer-Encoding"):
            decoded = part.get_payload(decode=True)
            texts += [decoded] if isinstance(decoded, bytes) else []
    named = [one for text in texts for one in MESSAGE_ID.findall(text)]
    found = {
        Sending(UUID(key.decode()), int(number or 1))
        for key, number, where in named
        if where.lower() == domain
    }
    return found.pop() if len(found) == 1 else None


def take(bounce: Bounce | None, *, now: datetime) -> Outcome:
    """Set aside the mail that came back. Raises NotDone while its worker has not ended with it."""
    if bounce is None:
        return Outcome.NO_FAILURE
    sent = bounce.sending
    if sent is None or not _was_sent(sent):
        return Outcome.UNKNOWN
    was_done = set_aside.came_back(*sent, bounce.status, actor=ACTOR, now=now)
    return Outcome.SET_ASIDE if was_done else Outcome.KNOWN


def _was_sent(sent: Sending) -> bool:
    """Whether the item is a mail that has come as far as this round."""
    found = OutboxItem.objects.filter(pk=sent.item, queue=MAIL)
    return 1 <= sent.round and found.filter(round__gte=sent.round).exists()


def count(outcome: Outcome, *, now: datetime) -> None:
    """Count the report; nothing else is kept of it."""
    limits.count(_scope(outcome), "", per=COUNTED_BY, now=now)


def counts(*, since: datetime) -> dict[Outcome, int]:
    """Return how many reports had which outcome."""
    found = Tally.objects.filter(scope__in=map(_scope, Outcome), window__gte=since)
    by_scope = dict(found.order_by().values_list("scope").annotate(Sum("count")))
    return {outcome: by_scope.get(_scope(outcome), 0) for outcome in Outcome}


def _scope(outcome: Outcome) -> str:
    return f"bounce.{outcome}"
