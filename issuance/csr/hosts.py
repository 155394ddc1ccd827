"""Host names: what a server certificate may name (RFC 1123, CA/B BR 7.1.2.7.12)."""

import ipaddress
import re
import unicodedata
from functools import cache, lru_cache

import idna
from publicsuffixlist import PublicSuffixList

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_NEVER_DELEGATED = ("lan", "home", "corp", "mail", "intranet", "intra", "private", "priv")
_OF_DEVICES = ("localdomain", "localnet", "domain", "workgroup", "router", "belkin", "dlink")
_RESERVED = {
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    "test": "RFC 6761",
    "example": "RFC 6761",
    "invalid": "RFC 6761",
    "internal": "ICANN 2024",
    "onion": "RFC 7686",
    "alt": "RFC 9476",
    "arpa": "RFC 3172",
    **dict.fromkeys(_NEVER_DELEGATED, "RFC 6762 appendix G"),
    **dict.fromkeys(_OF_DEVICES, "what routers and Windows call a network by themselves"),
}
"""Top-level names that no public DNS will ever answer for."""


@lru_cache(maxsize=1024)
def host_problem(name: str) -> str | None:
    """A short code of what keeps ``name`` from being a public host name, or None.

    Codes: empty, characters, underscore, not_ascii, url, port, email, space, ip_address,
    wildcard, leading_dot, trailing_dot, length, label_length, hyphen, single_label, reserved,
    public_suffix, punycode, mixed_script.
    """
    return _shape_problem(name) or _label_problem(name.lower()) or _place_problem(name.lower())


def _shape_problem(name: str) -> str | None:
    if not name.strip():
        return "empty"
    if not name.isascii():
        return "not_ascii"
    if _PLAIN.match(name):
        return "length" if len(name) > 253 else None
    if _is_address(name):
        return "ip_address"
    for code, pattern in _FOREIGN:
        if re.search(pattern, name):
            return code
    return "length" if len(name) > 253 else None


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z-]\Z")
"""Names that need no closer look at their characters."""

_FOREIGN = [
    ("url", r"://|/"),
    ("email", r"@"),
    ("port", r":\d+\Z"),
    ("space", r" "),
    ("wildcard", r"\*"),
    ("leading_dot", r"\A\."),
    ("trailing_dot", r"\.\Z"),
    ("underscore", r"\A(?=[\w.-]+\Z)[^_]*_"),
    ("characters", r"[^A-Za-z0-9.-]"),
]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _label_problem(name: str) -> str | None:
    labels = name.split(".")
    if any(len(label) > 63 for label in labels):
        return "label_length"
    if not all(_LABEL.match(label) for label in labels):
        return "hyphen" if all(labels) else "characters"
    encoded = [label for label in labels if label[2:4] == "--"]
    return next((problem for label in encoded if (problem := _punycode_problem(label))), None)


def _punycode_problem(label: str) -> str | None:
    """IDNA 2008 (RFC 5891), and letters of one script only (Unicode TR 39)."""
    if not label.startswith("xn--"):
        return "punycode"
    try:
        letters = idna.decode(label)
    except (idna.IDNAError, UnicodeError, ValueError, IndexError):
        return "punycode"
    scripts = {unicodedata.name(c, "?").split()[0] for c in letters if c.isalpha()}
    return None if scripts <= {"LATIN"} else "mixed_script"


def _place_problem(name: str) -> str | None:
    top = name.rpartition(".")[2]
    if top in _RESERVED:
        return "reserved"
    if "." not in name:
        return "single_label"
    if top.isdigit():
        return "ip_address"
    return "public_suffix" if _suffixes().publicsuffix(name) == name else None


def looks_like_host(name: str) -> bool:
    """Whether a common name is meant as a host name: dots and no words around, and no OID."""
    if len(name) > 255 or _OID.match(name):  # longer ones are none (RFC 1035 section 2.3.4)
        return False
    return "@" not in name and (bool(_HOST.match(name)) or (":" in name and _is_address(name)))


_HOST = re.compile(r"(?i)\S*([\w-]\.+[\w-]|://|\*)\S*\Z|localhost\Z")
_OID = re.compile(r"[0-2](?:\.\d+){4,}\Z", re.ASCII)
"""Object identifiers name systems here; an IPv4 address has but four numbers."""


def words_with_host(name: str) -> bool:
    """Whether blanks stand around, inside or between what was meant as host names."""
    words = re.split(r"[\s,;]+", name.strip())
    if words == [name] or not _ends_publicly(words[-1]):
        return False
    return len(words) <= 2 or all(map(_ends_publicly, words))


def _ends_publicly(word: str) -> bool:
    plain = re.fullmatch(r"(?i)[\w.-]+\.[a-z]{2,24}", word)
    return plain is not None and bool(_suffixes().publicsuffix(word.lower().strip(".")))


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False, only_icann=True)
