"""Host names: which of them may be certified, and how they are displayed. Pure.

Orders, their checks, the CA, the lint and the checker of certificate requests all use this rule.
"""

import ipaddress
import re
from functools import cache, lru_cache

import idna
from publicsuffixlist import PublicSuffixList

LONGEST_NAME, LONGEST_LABEL = 253, 63  # in octets (RFC 1034, 3.1; RFC 1035, 2.3.4)
_PRIVATE = "RFC 6762 appendix G; ICANN: never to be delegated"
_OF_DEVICES = "what routers and Windows call a network by themselves"
SPECIAL_USE = {
    "alt": "RFC 9476",
    "arpa": "RFC 3172",
    "example": "RFC 6761",
    "invalid": "RFC 6761",
    "onion": "RFC 7686",
    "test": "RFC 6761",
}
"""Names set aside for other purposes (IANA registry Special-Use Domain Names)."""

LOCAL = {
    "home.arpa": "RFC 8375",
    "internal": "ICANN 2024",
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    **dict.fromkeys(("lan", "home", "corp", "mail", "intranet", "private"), _PRIVATE),
    **dict.fromkeys(("intra", "priv", "localdomain", "localnet", "domain"), _OF_DEVICES),
    **dict.fromkeys(("workgroup", "router", "belkin", "dlink"), _OF_DEVICES),
}
"""Names for private networks: they mean a different machine in each network."""

DOCUMENTATION = ("example.com", "example.net", "example.org")
"""Reserved for documentation, cannot be registered: RFC 6761 section 6.5."""

WARNED_OF_IN_REQUESTS = frozenset({"documentation", "unknown_top"})
"""Problems of a name in a CSR that only give a warning: certified names come from the order."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*[A-Za-z-]\Z")
"""Fast path: names whose characters need no further check."""

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

# Lower-case Latin letters of European languages: Latin-1 and Latin Extended-A, without dotless i,
# kra and letters with a detached mark, which look like other letters; and the letters of the Sami
# languages (permitted by Traficom under .fi) and Romanian.
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-") | frozenset(
    "ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "āăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżž"
    "ǥǧǩǯʒșț"
)


@lru_cache(maxsize=1024)
def host_problem(name: str) -> str | None:
    """A short code for why ``name`` is not a public host name, or None if it is.

    Codes: empty, characters, underscore, not_ascii, url, port, email, space, ip_address,
    wildcard, leading_dot, trailing_dot, length, label_length, hyphen, single_label, reserved,
    special_use, documentation, unknown_top, public_suffix, shared_suffix, punycode, mixed_script,
    foreign_script.
    Capital letters are accepted. Sources: RFC 1123 section 2.1, RFC 5890 to 5892, Unicode TR 39,
    RFC 6761, CA/B BR 7.1.2.7.12 and 4.2.2.
    """
    return _shape_problem(name) or _label_problem(name.lower()) or _place_problem(name.lower())


def certified_problem(name: str) -> str | None:
    """Like ``host_problem``, but capital letters are a problem too (code ``characters``)."""
    return host_problem(name) or _capital_problem(name)


def _capital_problem(name: str) -> str | None:
    return None if name == name.lower() else "characters"


def mail_host_problem(name: str) -> str | None:
    """Like ``certified_problem``, for the host of a mailbox.

    Mailboxes exist at a shared suffix too (iki.fi): a mailed code proves who reads the mailbox.
    """
    problem = host_problem(name)
    return _capital_problem(name) if problem in (None, "shared_suffix") else problem


def shared_suffix(name: str) -> str | None:
    """The name's ending below which a service gives names to anybody (github.io), or None.

    It is in the private part of the public suffix list. The name may be that ending itself.
    """
    ending = _all_suffixes().publicsuffix(name.lower())
    return ending if ending != suffixes().publicsuffix(name.lower()) else None


def registrable(name: str) -> str | None:
    """The part of the name that somebody registers: one label below a public or a shared suffix.

    None for a suffix itself.
    """
    found: str | None = _all_suffixes().privatesuffix(name.lower())
    return found


def unicode_form(name: str) -> str:
    """The name with its xn-- labels decoded; invalid ones (IDNA 2008) are left unchanged."""
    return ".".join(_decoded(label.lower()) or label for label in name.split("."))


def with_unicode(name: str) -> str:
    """The name for display, followed by its Unicode form in parentheses if that differs."""
    readable = unicode_form(name)
    return name if readable == name else f"{name} ({readable})"


def is_address(name: str) -> bool:
    """Whether the name is an IP address, in brackets or not."""
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@cache
def suffixes() -> PublicSuffixList:
    """The ICANN part of the public suffix list, which has every delegated top-level domain."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)


@cache
def _all_suffixes() -> PublicSuffixList:
    """The public suffix list with its private part: endings below which services give names."""
    return PublicSuffixList(accept_unknown=False)


def _shape_problem(name: str) -> str | None:
    if not name.strip():
        return "empty"
    if not name.isascii():
        return "not_ascii"
    if _PLAIN.match(name):
        return "length" if len(name) > LONGEST_NAME else None
    if is_address(name):
        return "ip_address"
    for code, pattern in _FOREIGN:
        if re.search(pattern, name):
            return code
    return "length" if len(name) > LONGEST_NAME else None


def _label_problem(name: str) -> str | None:
    labels = name.split(".")
    if any(len(label) > LONGEST_LABEL for label in labels):
        return "label_length"
    if not all(_LABEL.match(label) for label in labels):
        return "hyphen" if all(labels) else "characters"
    encoded = [label for label in labels if label[2:4] == "--"]
    return next((problem for label in encoded if (problem := _encoded_problem(label))), None)


def _encoded_problem(label: str) -> str | None:
    letters = _decoded(label)
    if letters is None:
        return "punycode"
    foreign = [letter for letter in letters if letter not in _LETTERS]
    if not foreign:
        return None
    latin = any(letter in _LETTERS and letter.isalpha() for letter in letters)
    return "mixed_script" if latin else "foreign_script"


def _decoded(label: str) -> str | None:
    """The U-label of an A-label; None unless it encodes back to the same (RFC 5891 4.4)."""
    if not label.startswith("xn--"):
        return None
    try:
        letters = idna.ulabel(label)
        return letters if idna.alabel(letters) == label.encode() else None
    except (UnicodeError, ValueError, IndexError):  # idna.IDNAError is a UnicodeError
        return None


def _place_problem(name: str) -> str | None:
    labels = name.split(".")
    endings = {".".join(labels[start:]) for start in range(len(labels))}
    if endings & LOCAL.keys():
        return "reserved"
    if endings & SPECIAL_USE.keys():
        return "special_use"
    if "." not in name:
        return "single_label"
    if name.rpartition(".")[2].isdigit():
        return "ip_address"
    if endings & set(DOCUMENTATION):
        return "documentation"
    suffix = suffixes().publicsuffix(name)
    if suffix is None:
        return "unknown_top"
    if suffix == name:
        return "public_suffix"
    return "shared_suffix" if shared_suffix(name) == name else None
