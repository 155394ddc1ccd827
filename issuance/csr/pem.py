"""PEM (RFC 7468) as received, including the changes that mail programs and editors make."""

import base64
import binascii
import re
from dataclasses import dataclass

from issuance.csr.kinds import Kind, kind_of_der
from issuance.csr.packing import unescaped

_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 #_/-]{1,60}?)-----", re.IGNORECASE)
_END = re.compile(r"-----END ([A-Z0-9 #_/-]{1,60}?)-----", re.IGNORECASE)
_QUOTE = re.compile(r"^(?:[ \t]*>)+[ \t]?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}\Z")
_MOST_BLOCKS = 50


@dataclass(frozen=True, slots=True)
class Block:
    """One PEM block. If it is damaged, ``der`` is empty and ``problem`` is a short code.

    ``kind`` is derived from the content, not from the label. ``repaired`` holds a code for each
    repair: quoted, indented, headers, label, escaped, quoted_printable.
    """

    label: str
    der: bytes
    kind: Kind = Kind.UNKNOWN
    problem: str | None = None
    repaired: tuple[str, ...] = ()


def pem_of(der: bytes) -> str:
    """A request in DER as PEM, 64 columns (RFC 7468)."""
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    label = "CERTIFICATE REQUEST"
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def blocks_of(text: str) -> list[Block]:
    """The first fifty PEM blocks of a text, in order."""
    if "-----" not in text:
        return []
    begins = [match for _, match in zip(range(_MOST_BLOCKS), _BEGIN.finditer(text), strict=False)]
    limits = [*(match.start() for match in begins[1:]), len(text)]
    return [_block(text, begin, end) for begin, end in zip(begins, limits, strict=False)]


def _block(text: str, begin: re.Match[str], limit: int) -> Block:
    label = begin[1].upper()
    end = _END.search(text, begin.end(), limit)
    if end is None:
        return Block(label, b"", problem="end")
    within = text[begin.end() : end.start()]
    escaped = within.endswith("\n- ")  # as in signed OpenPGP messages: RFC 9580 section 7.2
    body, repaired = _clean(within.removesuffix("- ") if escaped else within)
    if begin[1] != label or end[1] != begin[1] or escaped:
        repaired.append("label")
    der, problem = decode(body)
    return Block(label, der, kind_of_der(der), problem, tuple(repaired))


def _clean(body: str) -> tuple[str, list[str]]:
    """The block's base64 without line ends, quoting, indentation and headers; and the repairs."""
    body, repaired = _unwrapped(body)
    lines = re.split(r"\r\n|\r|\n", body)
    if any(line.lstrip().startswith(">") for line in lines):
        lines = [_QUOTE.sub("", line) for line in lines]
        repaired.append("quoted")
    lines = [line.rstrip(" \t") for line in lines]
    if any(" " in line or "\t" in line for line in lines if ":" not in line):
        repaired.append("indented")
    lines = [line.strip(" \t") for line in lines]
    if any(":" in line for line in lines[:6]):  # RFC 1421 headers end at a blank line
        at = next((n for n, line in enumerate(lines) if not line and n > 1), 0)
        if at and all(not line or ":" in line for line in lines[:at]):
            lines = lines[at:]
            repaired.append("headers")
    return "".join("".join(lines).split()), repaired


def _unwrapped(body: str) -> tuple[str, list[str]]:
    """The body without JSON escapes (RFC 8259 section 7) and quoted-printable (RFC 2045 6.7).

    Neither encoding's escape sequences can occur in base64, so undoing them is unambiguous.
    """
    repaired: list[str] = []
    if "\\" in body and (plain := unescaped(body)) != body:
        body = plain
        repaired.append("escaped")
    if re.search(r"=(3D|\r?\n[A-Za-z0-9+/])", body):
        body = re.sub(r"=\r?\n(?=[A-Za-z0-9+/=])", "", body).replace("=3D", "=")
        repaired.append("quoted_printable")
    return body, repaired


def damage(text: str) -> str:
    """A short code for how the BEGIN line of a request was altered: dashes, url or begin.

    Such a file is refused, not repaired: the program that replaced these characters may have
    replaced others too.
    """
    return next((code for code, sign in _DAMAGES if sign.search(text)), "begin")


_DAMAGES = [
    ("dashes", re.compile("[\u2010-\u2015\u2212\u0096\u0097] ?(?:BEGIN|END)")),
    ("url", re.compile(r"BEGIN(?:%20|\+)")),
]
_ENTITY = re.compile(r"&(?:#\w{1,5}|[a-z]{2,6});|</?(?:br|p|div|span)\b", re.IGNORECASE)


def decode(body: str) -> tuple[bytes, str | None]:
    """Decode base64 without white space strictly: the bytes, or empty bytes and a problem code."""
    if not body:
        return b"", "empty"
    if not _BASE64.match(body):
        return b"", "html" if _ENTITY.search(body) else "characters"
    try:
        der = base64.b64decode(body, validate=True)
    except binascii.Error:
        return b"", "length"
    return (b"", "twice") if der.startswith(b"-----BEGIN") else (der, None)


def bare_base64(text: str) -> tuple[bytes, tuple[str, ...]]:
    """The DER of base64 without BEGIN and END lines, and the repairs; empty if it is not DER."""
    body, repaired = _clean(text.strip())
    der, problem = decode("".join(body.split()))
    if problem or der[:1] != b"\x30":
        return b"", ()
    return der, ("bare_base64", *repaired)
