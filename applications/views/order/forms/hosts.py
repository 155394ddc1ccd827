"""Host names as people write them: taken apart, tidied, and what is wrong with each."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import idna
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from applications.rules.certificate_names import LONGEST
from issuance.certificate.hosts import host_problem, with_unicode
from issuance.certificate.names import UPPER_BOUNDS
from issuance.findings import found
from issuance.wording import word

MOST_FAULTS = 10
MOST_NAMES = 100
MOST_WORDS = 10 * MOST_NAMES
"""How many words are looked at: the same names may stand there several times."""

_BETWEEN = re.compile(r"[\s,;]+")
_LABELLED = re.compile(r"(?i)\ADNS(?:\.\d+)?[:=]")
"""How openssl and its settings introduce a name: ``DNS:``, ``DNS.1=``."""


@dataclass(slots=True)
class HostNames:
    """The names to certify, in lower case, once each; ``said`` tells what was made of the text."""

    names: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def host_names(lines: list[str]) -> HostNames:
    """Take the lines apart into host names. Raises ValidationError naming every fault."""
    given = [word for line in lines for word in _BETWEEN.split(line) if word]
    read = {word: _name(word) for word in given[:MOST_WORDS]}
    tidy = list(dict.fromkeys(read.values()))
    faults = [_fault(name) for name in tidy if host_problem(name)]
    faults += [_too_long(name) for name in tidy[:1] if len(name) > UPPER_BOUNDS["CN"]]
    if len(tidy) > MOST_NAMES or len(given) > MOST_WORDS:
        faults.insert(0, _("Enter at most %(limit)d host names.") % {"limit": MOST_NAMES})
    if faults:
        raise ValidationError(faults[:MOST_FAULTS])
    return HostNames(tidy, _said(read, apart=len(given) > len(lines)))


def _name(word: str) -> str:
    """The host name that was meant: without a web address around it, in lower case, as ASCII."""
    name = _LABELLED.sub("", word)
    if "://" in name or re.search(r"\A[^@/]+/|\A[^:]+:\d+\Z", name):
        name = _of_address(name)
    name = name.lower().removesuffix(".")
    return name if name.isascii() else _encoded(name)


def _of_address(address: str) -> str:
    """The host of a web address; the text itself where there is none."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return address
    return host or address


def _encoded(name: str) -> str:
    """The name in its xn-- form (RFC 5891 section 4.4); the text itself where there is none."""
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:
        return name


def _said(read: dict[str, str], *, apart: bool) -> list[str]:
    """Say which names were read, unless they were written one a line and as they are."""
    if not apart and not any(_differs(word, name) for word, name in read.items()):
        return []
    names = ", ".join(map(with_unicode, dict.fromkeys(read.values())))
    return [
        _("We read what you entered as these host names: %(names)s. Check that they are right.")
        % {"names": names}
    ]


def _differs(word: str, name: str) -> bool:
    return word.lower().removesuffix(".") != name


def _too_long(name: str) -> str:
    return _(
        "“%(value)s” is too long to be the main name, which has at most %(limit)s characters."
        " Write a shorter name first."
    ) % {"value": name[:100], "limit": LONGEST}


def _fault(name: str) -> str:
    words = word(found("san.host", value=name[:100], problem=host_problem(name) or ""))
    return f"{words.text} {words.remedy}"
