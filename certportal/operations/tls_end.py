"""The end of the TLS certificate that visitors get.

It is read from a connection to the proxy, since a proxy that could not read renewed files serves
the former certificate. Nothing is sent or believed, so the certificate is not verified.
"""

import ssl
import time
from datetime import datetime, timedelta

import structlog
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings

from certportal.foundation import clock
from certportal.foundation.certificate_faults import UNREADABLE

log = structlog.get_logger(__name__)

NOTICE = timedelta(days=21)
"""Programs that renew certificates of 90 days do so 30 days before these end."""
READ_EVERY = 600.0
"""Seconds for which the certificate counts that was read; heartbeats are more frequent."""
ASKED_EVERY = 60.0
"""Seconds for which it counts that none could be read: a proxy or name server that hangs costs the
worker time, and each failure is a line in its log."""
SECONDS = 2.0

_read: dict[tuple[str, int], tuple[float, datetime | None]] = {}
"""When this process asked at the address, and when the certificate read there ends."""


def is_far() -> bool:
    """Whether the certificate at `TLS_ADDRESS` lasts for `NOTICE`; without an address, true.

    False too if there is no certificate: nobody would notice its end.
    """
    place = settings.TLS_ADDRESS
    if place is None:
        return True
    ends = _ends(place)
    return ends is not None and ends - clock.now() > NOTICE


def _ends(place: tuple[str, int]) -> datetime | None:
    """Return the certificate's end, as read at most `READ_EVERY` ago; None if it cannot be read."""
    at, ends = _read.get(place, (None, None))
    if at is None or time.monotonic() - at >= (ASKED_EVERY if ends is None else READ_EVERY):
        ends = _end_read_at(place)
        _read[place] = time.monotonic(), ends
    return ends


def _end_read_at(place: tuple[str, int]) -> datetime | None:
    try:
        text = ssl.get_server_certificate(place, timeout=SECONDS)
        ends = load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except (OSError, *UNREADABLE) as error:
        log.warning("tls_certificate_not_read", host=place[0], port=place[1], error=str(error))
        return None
    if ends - clock.now() <= NOTICE:
        log.warning("tls_certificate_ends", host=place[0], port=place[1], ends=ends.isoformat())
    return ends
