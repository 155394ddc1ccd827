"""Mail addresses that reach one mailbox, however they are spelled, and marks of them. Pure."""

import hashlib
import re
import unicodedata
from contextlib import suppress


def mailbox(address: str) -> str:
    """Return the same text for each spelling of an address, to count and compare mails by.

    Case, Unicode normal forms and needless quotes (RFC 5322, 3.2.4) are undone, and the domain is
    as `django.core.mail` writes it into the message (RFC 3490).
    """
    local, _at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    if quoted := re.fullmatch(r'"(.*)"', local, re.DOTALL):
        local = re.sub(r"\\(.)", r"\1", quoted[1])
    with suppress(UnicodeError):  # it cannot be mailed to
        domain = domain.rstrip(".").encode("idna").decode()
    return f"{local}@{domain}".casefold()


def address_mark(address: str) -> str:
    """Return the mark by which permanent records know the mailbox, without its address."""
    return f"address:{hashlib.sha256(mailbox(address).encode()).hexdigest()}"
