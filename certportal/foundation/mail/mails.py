"""Mails as rows of a registry: each app has one, from a mail's name to a `Mail`.

An outbox item holds a mail's name and keys, never its text; a worker writes the mail from what is
in the database when it is sent. See docs/decisions/one-mail-system.md.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any, NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from certportal.foundation.mail import sending
from certportal.foundation.mail.sending import File, Message
from certportal.foundation.models import OutboxItem


@dataclass(frozen=True, slots=True)
class Asked:
    """What an outbox item asks for: the item's payload, and the present time."""

    payload: Mapping[str, Any]
    now: datetime


class To(NamedTuple):
    """A recipient: e-mail address, empty if there is none, and language code."""

    address: str
    language: str


def _as_it_is(_matter: object, subject: str) -> str:
    return subject


def _no_files(_matter: object) -> Sequence[File]:
    return ()


@dataclass(frozen=True, slots=True)
class Mail[Matter]:
    """A kind of mail.

    `template`: path without `.txt`; its last part is the mail's name, its first line the subject.
    `about` finds what the mail is about, None if there is nothing to tell any more. `to` returns
    the recipient and so the language; `context` what the template is told, in that language.
    `subject` completes the subject. `instead` names another template for some matters.
    """

    template: str
    about: Callable[[Asked], Matter | None]
    to: Callable[[Matter, Asked], To]
    context: Callable[[Matter, Asked], Mapping[str, Any]]
    subject: Callable[[Matter, str], str] = _as_it_is
    files: Callable[[Matter], Sequence[File]] = _no_files
    instead: Callable[[Matter], str | None] | None = None


def registry(*mails: Mail[Any]) -> dict[str, Mail[Any]]:
    """Return the mails by name."""
    return {PurePath(mail.template).name: mail for mail in mails}


def send(mail: Mail[Any], item: OutboxItem, *, now: datetime) -> None:
    """Send the mail that the item asks for, unless there is nothing to tell any more."""
    message = write(mail, item.payload, now=now)
    if message is not None:
        sending.send(message, item_id=item.pk)


def write(
    mail: Mail[Any], payload: Mapping[str, Any], *, now: datetime, language: str = ""
) -> Message | None:
    """Return the mail; None if there is nothing to tell any more, or no address to send it to.

    `language` replaces the recipient's, to show a mail in other languages.
    """
    asked = Asked(payload, now)
    matter = mail.about(asked)
    to = mail.to(matter, asked) if matter is not None else To("", "")
    if not to.address:
        return None
    to = To(to.address, language or to.language)
    subject, body = render(mail, matter, to, asked)
    return Message(to.address, subject, body, to.language, mail.files(matter))


def render[Matter](mail: Mail[Matter], matter: Matter, to: To, asked: Asked) -> tuple[str, str]:
    """Return the subject and the body in the recipient's language."""
    template = (mail.instead and mail.instead(matter)) or mail.template
    with translation.override(to.language):
        context = {"base": settings.PORTAL_BASE_URL, **mail.context(matter, asked)}
        subject, body = subject_and_body(render_to_string(f"{template}.txt", context))
        return mail.subject(matter, subject), body


def address(path: str) -> str:
    """Return the whole address of a page of the service."""
    return f"{settings.PORTAL_BASE_URL}{path}"


def subject_and_body(rendered: str) -> tuple[str, str]:
    """Return the first line, and the rest with runs of blank lines reduced to one."""
    subject, _line, body = rendered.strip().partition("\n")
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"
