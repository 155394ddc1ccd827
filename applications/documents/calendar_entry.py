"""The last day of a certificate's validity as a calendar file (iCalendar, RFC 5545)."""

import re

from django.conf import settings
from django.utils.translation import gettext as _

from applications.documents.certificate_files import stem
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.mail.sending import File
from issuance.models import Certificate

MEDIA_TYPE = "text/calendar"
# A month before the last day, to leave time for a new order and its installation.
ALARM = "-P30D"
LONGEST_LINE = 75  # octets, without the line break (RFC 5545, 3.1)


def last_day(application: Application, certificate: Certificate) -> File:
    """Return the file with one whole-day event and its alarm, in the active language."""
    name = f"{application.called}, {application.number}"
    words = _("The certificate expires: %(name)s") % {"name": name}
    summary = f"{_('[TEST]')} {words}" if application.kind.is_test else words
    note = _("A certificate cannot be extended. Order a new one in good time.")
    last = clock.day(certificate.not_after)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{settings.MAIL_DOMAIN}//certificates//FI",
        "BEGIN:VEVENT",
        f"UID:{certificate.serial.lower()}@{settings.MAIL_DOMAIN}",
        f"DTSTAMP:{certificate.issued_at:%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{last:%Y%m%d}",
        f"SUMMARY:{escaped(summary)}",
        f"DESCRIPTION:{escaped(note)}",
        "TRANSP:TRANSPARENT",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"TRIGGER:{ALARM}",
        f"DESCRIPTION:{escaped(summary)}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    text = "".join(folded(line) + "\r\n" for line in lines)
    return File(f"{stem(application, certificate)}.ics", text.encode(), MEDIA_TYPE)


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
