"""The attributes of the subject: decoding, and the rules for each value."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator

from issuance.certificate.hosts import host_problem
from issuance.csr import hosts
from issuance.csr.oids import SUBJECT
from issuance.csr.report import NameAttribute
from issuance.csr.request import Request
from issuance.der import read
from issuance.findings import Finding, found

MOST_ATTRIBUTES = 20
UNIQUE_IDENTIFIER = "2.5.4.45"
"""x500UniqueIdentifier, whose value is a BIT STRING and not text (X.520 section 6.2.7)."""

PLACEHOLDERS = frozenset({"internet widgits pty ltd", "default company ltd"})
_ONCE = frozenset({"C", "O", "CN", "L", "ST", "serialNumber", "organizationIdentifier"})
_ODD = re.compile(
    r"[<>\\`{}|^~;=]|\$[({]|%[A-Za-z0-9]|\A[+\-@]|[()][&|]|\*\)|\.\./|://|(?i:javascript:)"
)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,'()&-]*\Z")
"""Values of harmless characters only, which skip the slower character checks."""

_PERSONAL_CODE = re.compile(r"(?<!\w)(\d\d)(\d\d)\d\d[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y](?!\w)", re.I)
_EMAIL = re.compile(
    r"(?=.{1,64}@)[\w!#$%&'*+/?^`{|}~-]+(?:\.[\w!#$%&'*+/?^`{|}~-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z",
    re.ASCII | re.IGNORECASE,
)


def read_subject(request: Request) -> tuple[list[NameAttribute], list[Finding]]:
    """The first twenty attributes in order, and the findings about the subject as a whole."""
    pairs = [pair for rdn in request.subject for pair in rdn]
    attributes: list[NameAttribute] = []
    findings: list[Finding] = []
    for oid, element in pairs[:MOST_ATTRIBUTES]:
        label = SUBJECT.get(oid, (oid, 0))[0]
        if oid == UNIQUE_IDENTIFIER and element.tag == read.BIT_STRING:
            attributes.append(NameAttribute(oid, label, element.content[1:].hex(), "BIT STRING"))
            continue
        if oid == UNIQUE_IDENTIFIER:
            findings.append(found("encoding.attribute", attribute=label))
        try:
            value, string_type = read_string(element)
            attributes.append(NameAttribute(oid, label, value, string_type))
        except BadStringError as fault:
            findings.append(found("subject.string", attribute=label, value=str(fault)))
    findings += _shape(request, len(pairs))
    return attributes, findings


def _shape(request: Request, count: int) -> Iterator[Finding]:
    if count > MOST_ATTRIBUTES:
        yield found("subject.too_many", value=count, wanted=MOST_ATTRIBUTES)
    if joined := next((rdn for rdn in request.subject if len(rdn) > 1), None):
        yield found("subject.joined", value=[SUBJECT.get(oid, (oid,))[0] for oid, _ in joined])
    oids = [oid for rdn in request.subject for oid, _ in rdn]
    if len(set(oids)) == len(oids):
        return
    for oid, times in Counter(oids).items():
        label = SUBJECT.get(oid, (oid,))[0]
        if times > 1 and label in _ONCE:
            yield found("subject.twice", attribute=label, value=times)


def subject_findings(
    attributes: list[NameAttribute], *, for_server: bool | None
) -> Iterator[Finding]:
    """The findings about the values; ``for_server`` is None if the purpose is not known."""
    for attribute in attributes:
        yield from _value(attribute)
        if attribute.label == "emailAddress":
            yield from _email(attribute, for_server=for_server)
        if attribute.label == "CN" and for_server is not False:
            yield from _common_name(attribute.value, for_server=bool(for_server))


def _value(attribute: NameAttribute) -> Iterator[Finding]:
    label, value = attribute.label, attribute.value
    if attribute.oid not in SUBJECT:
        yield found("subject.unknown", value=attribute.oid)
    if not value.strip():
        yield found("subject.empty_value", attribute=label)
        return
    yield from _characters(label, value)
    limit = SUBJECT.get(attribute.oid, ("", 1024))[1]
    if len(value) > limit > 2:
        yield found("subject.length", attribute=label, value=len(value), wanted=limit)
    if limit == 2 and not (len(value) == 2 and value.isascii() and value.isalpha()):
        yield found("subject.country", value=visible(value))
    if label == "O" and value.strip().lower() in PLACEHOLDERS:
        yield found("subject.placeholder", value=value)
    if attribute.string_type in OLD:
        yield found("subject.old_string", attribute=label, value=attribute.string_type)
    if is_lax(value, attribute.string_type):
        yield found("encoding.lax", problem="printable")


def _characters(label: str, value: str) -> Iterator[Finding]:
    if is_personal_code(value):
        yield found("subject.personal_code", attribute=label)
    if _PLAIN.match(value):
        return
    if corrected := decoded_rightly(value):
        yield found("subject.mojibake", attribute=label, value=visible(value), wanted=corrected)
    elif hidden := [c for c in value if _is_hidden(c)]:
        codes = [f"U+{ord(c):04X}" for c in dict.fromkeys(hidden)]
        yield found("subject.invisible", attribute=label, value=visible(value), characters=codes)
    elif odd := _odd(value.lstrip(_SIGNS.get(label, ""))) if label != "emailAddress" else []:
        yield found("subject.characters", attribute=label, value=visible(value), characters=odd)
    elif outside := [c for c in value if ord(c) > 0xFF]:
        listed = list(dict.fromkeys(outside))
        yield found("subject.outside_set", attribute=label, value=value, characters=listed)


_SIGNS = {"telephoneNumber": "+"}
"""Signs allowed at the start of an attribute although spreadsheets read them as a formula."""


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
_UNSEEN = frozenset(map(chr, (*_JOINERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Joiners, fillers and variation selectors: invisible, though letters or marks by category."""


def _is_hidden(character: str) -> bool:
    """Whether it is a control or format character (a bidi mark), or a space other than U+0020."""
    category = unicodedata.category(character)
    if category in _HIDDEN or character in _UNSEEN:
        return True
    return category == "Zs" and character != " "


_SYMBOLS = frozenset({"So", "Sk", "Co", "Cn"})


def _odd(value: str) -> list[str]:
    """Characters in no registered name: markup, formula and shell signs, symbols, wide forms."""
    odd = [match[0] for match in _ODD.finditer(value)]
    odd += [c for c in value if ord(c) > 0xFF and _is_symbol(c)]
    odd += _STACKED.findall(value)
    odd += _look_alikes(value)
    return list(dict.fromkeys(odd))


_STACKED = re.compile("\\A[\u0300-\u036f]+|[\u0300-\u036f]{3,}")
"""Combining accents without a base letter, or three or more on one letter."""
_LIKE_LATIN = frozenset({"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"})


def _look_alikes(value: str) -> list[str]:
    """Letters of scripts resembling Latin in words with Latin letters (Unicode TS 39)."""
    found_letters: list[str] = []
    for word in re.findall(r"[^\W\d_]+", value):
        foreign = [c for c in word if ord(c) > 0xFF and _script(c) in _LIKE_LATIN]
        if foreign and any(_script(c) == "LATIN" for c in word):
            found_letters += foreign
    return found_letters


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").partition(" ")[0]


def _is_symbol(character: str) -> bool:
    wide = unicodedata.east_asian_width(character) == "F"
    return wide or unicodedata.category(character) in _SYMBOLS


def decoded_rightly(value: str) -> str | None:
    """The intended text of a wrongly decoded value, such as "ä" for "Ã¤"; None if it is fine.

    "?" if the value holds U+FFFD, so that the original characters are lost.
    """
    if "\N{REPLACEMENT CHARACTER}" in value:
        return "?"
    for codec in ("latin-1", "cp1252"):
        try:
            corrected = value.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        if corrected != value:
            return visible(corrected)
    corrected = value.translate(_CONSOLE)
    return (
        visible(corrected) if corrected != value and not any(map(_is_hidden, corrected)) else None
    )


_CONSOLE = str.maketrans({letter.encode("cp850")[0]: letter for letter in "åäöÅÄÖüéÜÉøæØÆ"})
"""Letters typed in a Windows console (code page 850) but decoded as ISO 8859-1."""


def is_personal_code(value: str) -> bool:
    """Whether the value contains a Finnish personal identity code.

    The check character is not verified, so that a mistyped code is found too.
    """
    if len(value) < 11 or value.isalpha():
        return False
    if not _PERSONAL_CODE.search(value):  # the usual case
        return False
    return any(
        1 <= int(match[1]) <= 31 and 1 <= int(match[2]) <= 12
        for match in _PERSONAL_CODE.finditer(value)
    )


def _email(attribute: NameAttribute, *, for_server: bool | None) -> Iterator[Finding]:
    if not _EMAIL.match(attribute.value):
        yield found("subject.email", value=visible(attribute.value))
    elif for_server:
        yield found("subject.email_in_server", value=attribute.value)
    else:
        yield found("subject.email_unused", value=attribute.value)


def _common_name(value: str, *, for_server: bool) -> Iterator[Finding]:
    if hosts.looks_like_host(value):
        if problem := host_problem(value):
            yield hosts.host_finding("subject.host", visible(value), problem)
    elif hosts.words_with_host(value):
        yield found("subject.host", value=visible(value), problem="space")
    elif for_server and _EMAIL.match(value):
        yield found("subject.email_in_server", value=value)
    else:
        yield found("subject.not_host", value=visible(value))


def visible(value: str) -> str:
    """The value for a report: invisible characters as [U+XXXX], cut after 200 characters."""
    shown = "".join(f"[U+{ord(c):04X}]" if _is_hidden(c) else c for c in value[:200])
    return shown + "…" if len(value) > 200 else shown


_PRINTABLE = re.compile(r"[A-Za-z0-9 '()+,./:=?-]*\Z")


class BadStringError(Exception):
    """Not a known string type, or octets that are invalid in it; the message names type or tag."""


def _codec(name: str) -> Callable[[bytes], str]:
    return lambda octets: octets.decode(name)


def _numeric(octets: bytes) -> str:
    """NumericString: digits and space only (X.680 section 41)."""
    if octets.strip(b"0123456789 "):
        raise UnicodeDecodeError("NumericString", octets, 0, 1, "no digit")
    return octets.decode("ascii")


_TYPES: dict[int, tuple[str, Callable[[bytes], str]]] = {
    0x0C: ("UTF8String", _codec("utf-8")),
    0x12: ("NumericString", _numeric),
    0x13: ("PrintableString", _codec("ascii")),
    0x14: ("TeletexString", _codec("latin-1")),
    0x16: ("IA5String", _codec("ascii")),
    0x1A: ("VisibleString", _codec("ascii")),
    0x1C: ("UniversalString", _codec("utf-32-be")),
    0x1E: ("BMPString", _codec("utf-16-be")),
}
OLD = frozenset({"TeletexString", "UniversalString", "BMPString"})
"""Types that RFC 5280 section 4.1.2.4 allows only for already established subjects."""


def read_string(element: read.Element) -> tuple[str, str]:
    """The decoded value and the name of its string type. Raises BadStringError."""
    name, decode = _TYPES.get(element.tag, ("", None))
    if decode is None:
        raise BadStringError(f"tag {element.tag:02x}")
    try:
        return decode(element.content), name
    except UnicodeDecodeError as fault:
        raise BadStringError(name) from fault


def is_lax(value: str, string_type: str) -> bool:
    """Whether a PrintableString holds characters not in its set, such as @ (X.680 section 41)."""
    return string_type == "PrintableString" and not _PRINTABLE.match(value)
