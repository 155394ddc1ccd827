"""Mails as rows of a registry: each app has one, from a mail's name to a `Mail`.

An outbox item holds a mail's name and keys, never its text; a worker writes the mail from what is
in the database when it is sent. See docs/decisions/one-mail-system.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import PurePath
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault, connection
from django.db.models import Manager, QuerySet
from django.dispatch import Signal
from django.template import Context, Node, NodeList
from django.template.defaulttags import AutoEscapeControlNode
from django.template.loader import get_template, render_to_string
from django.utils import translation

from certportal.foundation import agency, clock
from certportal.foundation.database import row_writes
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.mail import sending
from certportal.foundation.mail.html import plain
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox

log = structlog.get_logger(__name__)

at_server = Signal()
"""Sent again and again while a worker waits for a mail server that is slow, or looks at a mail."""


class Asked(NamedTuple):
    """The payload of an outbox item, and the present time."""

    payload: Mapping[str, Any]
    now: datetime


class To(NamedTuple):
    """A recipient: e-mail address, empty if there is none, and language code."""

    address: str
    language: str


@dataclass(frozen=True, slots=True)
class Mail[Matter]:
    """A kind of mail.

    `template`: path without `.txt`; its last part is the mail's name, its first line the subject.
    `about` returns what the mail is about, None if the mail is no longer to be sent. `to` returns
    the recipient with the language; `context` the template's context, in that language. `subject`
    completes the subject; `files` returns the attachments, in that language. `thread` returns the
    name of the thread to which the mail belongs, empty for none.
    """

    template: str
    about: Callable[[Asked], Matter | None]
    to: Callable[[Matter, Asked], To]
    context: Callable[[Matter, Asked], Mapping[str, Any]]
    subject: Callable[[Matter, str], str] = lambda _matter, subject: subject
    files: Callable[[Matter], Sequence[sending.File]] = lambda _matter: ()
    thread: Callable[[Matter], str] = lambda _matter: ""


def registry(*mails: Mail[Any]) -> dict[str, Mail[Any]]:
    return {PurePath(mail.template).name: mail for mail in mails}


type Rows = Manager[Any] | QuerySet[Any]


def about_row(
    template: str,
    rows: Rows,
    name: str,
    *,
    key: str,
    to: Callable[[Any, Asked], To],
    still: Callable[[Any, datetime], bool] = lambda _row, _now: True,
    context: Callable[[Any, Asked], Mapping[str, Any]] = lambda _row, _asked: {},
) -> Mail[Any]:
    """Return a mail about one of the rows, called `name` in the template.

    `key`: the payload's name for the row's primary key. `still`: whether the mail is still to be
    sent. `context`: further context of the template.
    """

    def about(asked: Asked) -> Any:
        row = rows.filter(pk=asked.payload[key]).first()
        return row if row is not None and still(row, asked.now) else None

    return Mail(template, about, to, lambda row, asked: {name: row, **context(row, asked)})


def task(task_name: str, mails: Mapping[str, Mail[Any]], *, only: str = "") -> Any:
    """Return the Celery task that sends the mail of an item: the one it names, or `only`."""

    @outbox.task(task_name)
    def send_mail(*, item: OutboxItem, now: datetime, **_: Any) -> None:
        send(named(only or name_of(item), mails), item, now=now)

    return send_mail


def named(name: str, mails: Mapping[str, Mail[Any]]) -> Mail[Any]:
    """Return the mail. Raises OfAnotherVersion for one that this version does not have."""
    if name not in mails:
        raise outbox.OfAnotherVersion
    return mails[name]


def name_of(item: OutboxItem) -> str:
    """Return the name of the item's mail; "" if its topic has only one mail."""
    return str(item.payload.get("kind") or item.payload.get("notice") or "")


def send(mail: Mail[Any], item: OutboxItem, *, now: datetime) -> None:
    """Write and send the item's mail, unless it is no longer to be sent.

    The item keeps which mailbox it went to: the address may have changed when a bounce comes.
    """
    message = write(mail, item.payload, now=now)
    if message is not None:
        item.sent_to = sending.mark_of(message.to)
        row_writes.update(item, "sent_to")
        of_round = f".{item.round}" if item.round > 1 else ""
        sending.send(message, item_id=f"{item.pk}{of_round}", still=partial(_hold, item))


def _hold(item: OutboxItem) -> None:
    """Keep the item from other workers while the mail server looks at its mail.

    Without the database too the answer is waited for, since the mail may be accepted any moment.
    """
    try:
        outbox.hold_longer(item, now=clock.now())
    except DatabaseFault as error:
        log.warning("mail_not_held", item=str(item.pk), error=type(error).__name__)
        connection.close_if_unusable_or_obsolete()
    at_server.send_robust(Mail)


@one_reading()
def write(
    mail: Mail[Any], payload: Mapping[str, Any], *, now: datetime, language: str = ""
) -> sending.Message | None:
    """Return the mail; None if it is no longer to be sent, or there is no address.

    `language` replaces the recipient's, to show a mail in other languages.
    """
    asked = Asked(payload, now)
    matter = mail.about(asked)
    to = mail.to(matter, asked) if matter is not None else To("", "")
    if not to.address:
        return None
    to = To(to.address, language or to.language)
    with translation.override(to.language):
        files = mail.files(matter)  # first, as it is Unavailable while a paper is not made
    subject, body = render(mail, matter, to, asked)
    about = {"marked": body, "thread": mail.thread(matter)}
    return sending.Message(to.address, subject, plain(body), to.language, files, **about)


def render[Matter](mail: Mail[Matter], matter: Matter, to: To, asked: Asked) -> tuple[str, str]:
    """Return the subject and the body in the recipient's language."""
    with translation.override(to.language):
        context = _context(mail, matter, asked)
        rendered = render_to_string(f"{mail.template}.txt", context).strip()
        subject, _line, body = rendered.partition("\n")
        # Conditions in a template leave runs of blank lines.
        return mail.subject(matter, subject.strip()), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"


def subject[Matter](mail: Mail[Matter], matter: Matter, to: To, asked: Asked) -> str:
    """Return the subject as `render` does; nothing that only the body says is looked up."""
    with translation.override(to.language):
        file: Any = get_template(f"{mail.template}.txt")
        template: Any = file.template
        context, written = Context(_context(mail, matter, asked), autoescape=False), ""
        with context.render_context.push_state(template), context.bind_template(template):
            for node in _nodes(template.nodelist):
                written = f"{written}{node.render_annotated(context)}".lstrip()
                if "\n" in written:
                    break
        return mail.subject(matter, written.partition("\n")[0].strip())


def _context[Matter](mail: Mail[Matter], matter: Matter, asked: Asked) -> dict[str, Any]:
    own = {"base": settings.PORTAL_BASE_URL, "agency": agency.contact()}
    return {**own, **mail.context(matter, asked)}


def _nodes(listed: NodeList) -> Iterator[Node]:
    """Yield the nodes of a template in their order, those within `autoescape` one by one."""
    for node in listed:
        if isinstance(node, AutoEscapeControlNode):
            yield from _nodes(node.nodelist)
        else:
            yield node
