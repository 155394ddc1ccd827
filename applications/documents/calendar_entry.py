"""The last day of a certificate as an entry for calendars (iCalendar, RFC 5545)."""

import re

from django.conf import settings
from django.utils.translation import gettext as _

from applications.delivery import stem
from applications.kinds import CertificateType
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.mail import File
from issuance.models import Certificate

MEDIA_TYPE = "text/calendar"
# A month before, which leaves time for the handling and for the installing.
ALARM = "-P30D"
LONGEST_LINE = 75  # octets, without the line break (RFC 5545, 3.1)


def last_day(application: Application, certificate: Certificate) -> File:
    """Return the file with one whole-day entry and its alarm, in the active language."""
    first = application.host_names.first()
    name = first.name if first else application.system_name or application.certified_email
    test = "[TEST] " if CertificateType(application.type).is_test else ""
    words = _("The certificate expires: %(name)s") % {"name": f"{name}, {application.number}"}
    summary = test + words
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
    """Return the text as a value (RFC 5545, 3.3.11)."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def folded(line: str) -> str:
    """Break the line into pieces of at most 75 octets; those that follow begin with a space."""
    pieces, piece = [], ""
    for character in line:
        if len((piece + character).encode()) > LONGEST_LINE:
            pieces.append(piece)
            piece = " "
        piece += character
    return "\r\n".join([*pieces, piece])
