"""Host names in the common name of a request."""

import re

from issuance.certificate.hosts import WARNED_OF_IN_REQUESTS, is_address, suffixes
from issuance.findings import Finding, Severity, found

_HOST = re.compile(r"(?i)\S*([\w-]\.+[\w-]|://|\*)\S*\Z|localhost\Z")
_OID = re.compile(r"[0-2](?:\.\d+){4,}\Z", re.ASCII)
"""An OID of five or more arcs: some systems are named by one. An IPv4 address has four."""


def host_finding(rule: str, value: str, problem: str) -> Finding:
    """The finding about a host name: only a warning if the rule depends on lists that age."""
    if problem in WARNED_OF_IN_REQUESTS:
        return Finding(rule, Severity.WARNING, {"value": value, "problem": problem})
    return found(rule, value=value, problem=problem)


def looks_like_host(name: str) -> bool:
    """Whether a common name is meant as a host name: one word with dots, and not an OID."""
    if len(name) > 255 or _OID.match(name):  # RFC 1035 section 2.3.4
        return False
    return "@" not in name and (bool(_HOST.match(name)) or (":" in name and is_address(name)))


def words_with_host(name: str) -> bool:
    """Whether a common name is meant as host names but contains spaces, commas or semicolons."""
    words = re.split(r"[\s,;]+", name.strip())
    if words == [name] or not _ends_publicly(words[-1]):
        return False
    return len(words) <= 2 or all(map(_ends_publicly, words))


def _ends_publicly(word: str) -> bool:
    plain = re.fullmatch(r"(?i)[\w.-]+\.[a-z]{2,24}", word)
    return plain is not None and bool(suffixes().publicsuffix(word.lower().strip(".")))
