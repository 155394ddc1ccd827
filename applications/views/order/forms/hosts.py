"""Parse host names as people write them, normalise them, and explain each fault."""

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
"""The most words that are parsed; the same name may occur several times."""

_BETWEEN = re.compile(r"[\s,;]+")
_BULLET = re.compile(r"\A\s*(?:[-*•·‣▪●○◦–—]|\d{1,3}[.)])\s+")
"""What begins a line of a list."""
_AROUND = "\"'`“”„‘’‚«»<>[](){}"
"""Quotation marks and brackets around names."""
_SECTION = re.compile(r"(?i)\A\s*\[\s*\w*(?:alt_?names?|san|v3_\w+)\w*\s*\]\s*\Z")
"""The head of a section of openssl's settings, such as ``[alt_names]``."""
_EXTENSION = re.compile(
    r"""(?ix) \A [\s"'-]* (?:
        (?: (?:add)? ext \s+ ["']? )?                             # an option of openssl or keytool
        (?: (?:x509v3\ )? subject\ ?alt(?:ernative)?\ ?name | san ) \s* [=:] \s* ["']?
        (?: critical\b [\s,]* | @\w+ \s* \Z )?
      | critical \s* , \s* (?=dns)
    )"""
)
"""What introduces the names of a request: ``subjectAltName=critical,``, ``san:``."""
_LABEL = re.compile(r"(?i)(?:&|(?<![\w.-]))DNS(?:\.\d+|\sName)?\s*[:=]\s*(?=[\w*])")
"""How openssl, its settings and Windows introduce a name: ``DNS:``, ``DNS.1=``, ``DNS Name=``."""


@dataclass(slots=True)
class HostNames:
    """The names to certify, in lower case, once each; `said` has messages about the parsing."""

    names: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def host_names(lines: list[str], *, of_order: bool = True) -> HostNames:
    """Parse the lines into host names, the first of an order being short enough to be a CN.

    Raises ValidationError naming up to `MOST_FAULTS` faults, and that there are others.
    """
    words = [word for line in lines for word in _words(line)]
    words = words or " ".join(lines).split()  # which are no names, as the applicant is told
    name_of = {word: _name(word) for word in words[:MOST_WORDS]}
    tidy = list(dict.fromkeys(name_of.values()))
    faults = _faults(tidy)
    main = tidy[:1] if of_order else []
    faults += [_too_long(name) for name in main if len(name) > UPPER_BOUNDS["CN"]]
    if len(tidy) > MOST_NAMES or len(words) > MOST_WORDS:
        faults.insert(0, _("Enter at most %(limit)d host names.") % {"limit": MOST_NAMES})
    if len(faults) > MOST_FAULTS:
        others = _("There are faults in other names too. We will show them once these are fixed.")
        faults[MOST_FAULTS:] = [others]
    if faults:
        raise ValidationError(faults)
    written = [line.strip() for line in lines if line.strip()]
    return HostNames(tidy, _said(name_of, apart=words != written))


def _words(line: str) -> list[str]:
    """Return the words of a line that may be names, without what a list or a setting adds."""
    if _SECTION.match(line):
        return []
    words = _BETWEEN.split(_LABEL.sub(" ", _EXTENSION.sub("", _BULLET.sub("", line))))
    return [bare for word in words if (bare := word.strip(_AROUND))]


def _name(word: str) -> str:
    """Return the host name in a word, which may be a URL: in lower case, as ASCII."""
    name = word
    if "://" in name or re.search(r"\A[^@/]+/|\A[^:]+:\d+\Z", name):
        name = _of_address(name)
    name = name.lower().removesuffix(".")
    return name if name.isascii() else _encoded(name)


def _of_address(address: str) -> str:
    """Return the host of a URL; the text itself if there is none."""
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        return address
    return host or address


def _encoded(name: str) -> str:
    """Return the name as A-labels (xn--, RFC 5891 section 4.4); the text itself if invalid."""
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:
        return name


def _said(name_of: dict[str, str], *, apart: bool) -> list[str]:
    """Return a message with the names that were read, unless they were entered exactly so."""
    is_as_entered = all(word.lower().removesuffix(".") == name for word, name in name_of.items())
    if is_as_entered and not apart:
        return []
    names = ", ".join(map(with_unicode, dict.fromkeys(name_of.values())))
    return [
        _("We read what you entered as these host names: %(names)s. Check that they are right.")
        % {"names": names}
    ]


def _too_long(name: str) -> str:
    return _(
        "“%(value)s” is too long to be the main name, which has at most %(limit)s characters."
        " Write a shorter name first."
    ) % {"value": name[:100], "limit": LONGEST}


def _faults(names: list[str]) -> list[str]:
    """Return what is wrong with the names, each remedy only with the first that it is for."""
    problems = [(name[:100], problem) for name in names if (problem := host_problem(name))]
    worded = [word(found("san.host", value=name, problem=problem)) for name, problem in problems]
    first = {words.remedy: words for words in reversed(worded)}
    return [f"{one.text} {one.remedy}" if first[one.remedy] is one else one.text for one in worded]
