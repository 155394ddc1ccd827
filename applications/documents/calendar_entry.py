"""The last day of a certificate's validity as a calendar file (iCalendar, RFC 5545)."""

import re
from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _, ngettext

from applications.documents.certificate_files import stem
from applications.models import Application
from applications.rules import reminders
from certportal.foundation import clock
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

MEDIA_TYPE = "text/calendar"
LONGEST_LINE = 75  # octets, without the line break (RFC 5545, 3.1)


def last_day(application: Application, certificate: Certificate) -> File:
    """Return the file with one whole-day event and its alarms, in the active language."""
    return last_days([(application, certificate)])


def last_days(ends: Sequence[tuple[Application, Certificate]]) -> File:
    """Return the file with one event for each day on which any of the certificates ends.

    Hundreds ordered together end on one day, and nobody wants hundreds of alarms on it.
    """
    by_day: dict[date, list[tuple[Application, Certificate]]] = {}
    for application, certificate in ends:
        by_day.setdefault(clock.day(certificate.not_after), []).append((application, certificate))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{settings.MAIL_DOMAIN}//certificates//FI",
        *(line for last, ending in sorted(by_day.items()) for line in _event(last, ending)),
        "END:VCALENDAR",
    ]
    text = "".join(folded(line) + "\r\n" for line in lines)
    first = min(by_day)
    name = stem(*ends[0]) if len(ends) == 1 else f"{first}"
    return File(f"{name}.ics", text.encode(), MEDIA_TYPE)


def _event(last: date, ending: Sequence[tuple[Application, Certificate]]) -> list[str]:
    """Return the lines of the event of the day, known by the first of its certificates."""
    first, certificate = ending[0]
    name, count = f"{first.called}, {first.number}", len(ending) - 1
    words = _("The certificate expires: %(name)s") % {"name": name}
    if count:
        words = ngettext(
            "The certificates expire: %(name)s, and %(count)s other",
            "The certificates expire: %(name)s, and %(count)s others",
            count,
        ) % {"name": name, "count": count}
    summary = f"{_('[TEST]')} {words}" if first.kind.is_test else words
    note = _("A certificate cannot be extended. Order a new one in good time.")
    page = f"{reverse('certificates')}?state=soon&sort=ends"
    again = page if count else reverse("applications:again", args=[first.pk])
    url = settings.PORTAL_BASE_URL + again
    days = reminders.days_before(clock.day(certificate.not_before), last)
    return [
        "BEGIN:VEVENT",
        f"UID:{certificate.serial.lower()}@{settings.MAIL_DOMAIN}",
        f"DTSTAMP:{certificate.issued_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{last:%Y%m%d}",
        f"SUMMARY:{escaped(summary)}",
        f"DESCRIPTION:{escaped(f'{note} {url}')}",
        f"URL:{url}",
        "TRANSP:TRANSPARENT",
        *(line for each in dict.fromkeys(days) for line in _alarm(each, summary)),
        "END:VEVENT",
    ]


def _alarm(days: int, summary: str) -> list[str]:
    """Return the lines of the alarm so many days ahead, when a reminder is mailed too."""
    return [
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:-P{days}D",
        f"DESCRIPTION:{escaped(summary)}",
        "END:VALARM",
    ]


def escaped(text: str) -> str:
    """Return the text escaped as a TEXT value (RFC 5545, 3.3.11)."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def folded(line: str) -> str:
    """Return the content line folded to at most 75 octets a line (RFC 5545, 3.1).

    Every line after the first begins with a space; the last is without its line break.
    """
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > LONGEST_LINE:
            pieces.append(piece)
            piece = " "
        piece += character
    return "\r\n".join([*pieces, piece])
