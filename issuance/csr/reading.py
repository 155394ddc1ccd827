"""Reading a file: from its bytes to the DER of the single request in it."""

import base64
import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from issuance.csr.kinds import (
    PACKED,
    PEM_LABELS,
    Kind,
    is_request,
    kind_of_bytes,
    kind_of_der,
    kind_of_text,
)
from issuance.csr.literals import written_octets
from issuance.csr.packing import decoded, has_words, unpacked
from issuance.csr.pem import Block, bare_base64, blocks_of, damage, decode, pem_of
from issuance.der import read
from issuance.findings import Finding, found

MAX_BYTES = 64 * 1024
"""Largest accepted file, in bytes; a request for RSA 4096 with 100 names has about 10,000."""


@dataclass(slots=True)
class Reading:
    """The result of reading a file: type, DER of the request (or empty), findings, repair codes.

    ``root``: the outermost element of ``der``, if it has already been parsed as strict DER.
    """

    kind: Kind
    der: bytes = b""
    findings: list[Finding] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    root: read.Element | None = None


@dataclass(frozen=True, slots=True)
class File:
    """An opened file: text and PEM blocks (empty for a pure DER request) and its content.

    ``inside`` holds the objects packed or encoded in it, ``written`` the octets written as arrays,
    strings or dumps, which are searched only for private keys; each of these is opened in the same
    way. ``root`` is the outermost element if the file is exactly one request in DER, else None.
    """

    data: bytes
    text: str
    blocks: list[Block]
    repaired: tuple[str, ...]
    kind: Kind
    root: read.Element | None = None
    inside: tuple["File", ...] = ()
    written: tuple["File", ...] = ()


class _Budget:
    """The remaining budget of objects and octets to open, for all layers of one upload together."""

    def __init__(self) -> None:
        self.objects, self.octets = 60, 1024 * 1024
        self.unpacked = 16 * 1024 * 1024

    def taken(self, within: list[bytes]) -> Iterator[bytes]:
        """Yield the distinct objects of a layer that fit the budget, and subtract each from it.

        The smallest come first, because private keys are small. The octets of all count against
        ``unpacked``, opened or not; once it is used up, no further layer is unpacked.
        """
        self.unpacked -= sum(map(len, within))
        for octets in sorted(dict.fromkeys(filter(None, within)), key=len):
            if self.objects > 0 and len(octets) <= self.octets:
                self.objects, self.octets = self.objects - 1, self.octets - len(octets)
                yield octets


DEEPEST = 4
"""Layers opened below the file itself, such as a key in base64 in a mail in a ZIP archive."""


def open_file(data: bytes) -> File:
    """Open an upload: its text, its PEM blocks and everything packed or encoded in it."""
    return _open(data, _Budget(), DEEPEST)


def _open(data: bytes, budget: _Budget, deeper: int) -> File:
    root = read_root(data)
    kind = Kind.REQUEST if root else kind_of_bytes(data)
    if root and not has_words(data):  # the usual request in DER
        return File(data, "", [], (), kind, root)
    text, repaired = text_of(data)
    blocks = blocks_of(text)
    looked_into = deeper and budget.unpacked > 0
    within = [*unpacked(data), *(block.der for block in blocks)] if looked_into else []
    literals = []
    if looked_into and (repaired or has_words(data) or not _CONTROLS.search(data)):
        within += decoded(text)
        literals = [octets.value for octets in written_octets(text)]
    inside = tuple(_open(each, budget, deeper - 1) for each in budget.taken(within))
    written = tuple(_open(each, budget, deeper - 1) for each in budget.taken(literals))
    return File(data, text, blocks, repaired, kind, root, inside, written)


def read_root(data: bytes) -> read.Element | None:
    """The outermost element if the bytes are exactly one request in strict DER, else None."""
    if data[:1] != b"\x30" or len(data) > MAX_BYTES:
        return None
    try:
        root = read.read_strictly(data)
    except read.MalformedError:
        return None
    return root if is_request(root) else None


_PLAIN = re.compile(
    r"-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)"
    r"-----END (?:NEW )?CERTIFICATE REQUEST-----"
)


def plain_request(data: bytes) -> str:
    """The request as PEM if the file is one in DER or has one plain PEM block, else "".

    Cheap, unlike an examination: nothing is unpacked, repaired or judged. The result is "" also
    for a file with another PEM block, or whose text or request names a private key.
    """
    if len(data) > MAX_BYTES:
        return ""
    der = data
    if data[:1] != b"\x30":
        text = data.decode("latin-1")
        block = _PLAIN.search(text) if text.count("-----BEGIN") == 1 else None
        der = decode("".join(block[1].split()))[0] if block else b""
    if any(b"PRIVATE" in each.upper() for each in (data, der)):
        return ""
    return pem_of(der) if read_root(der) else ""


_LINE = re.compile(
    r"(?:BEGIN|END)(?: |\+|%20)(?:NEW(?: |\+|%20))?CERTIFICATE(?: |\+|%20)REQUEST", re.IGNORECASE
)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19]")
"""Control octets that do not occur in text, but do around a request in tar or office files."""
_BINARY = PACKED | {Kind.IMAGE, Kind.PROGRAM, Kind.JKS, Kind.WORD}


def read_request(file: File) -> Reading:
    """The request in the file, or findings that say what the file is instead."""
    if not file.data.strip(b"\0 \t\r\n\f\v\xef\xbb\xbf"):
        return Reading(Kind.EMPTY, findings=[found("file.empty")])
    kind = file.kind
    if kind in _BINARY:  # not read: programs may disagree on its content
        return _other(kind)
    if file.data[0] in (0x30, 0x31) and not _is_text(file.data):
        return _from_der(file, kind)
    if "utf16" not in file.repaired and _CONTROLS.search(file.data):
        return _other(kind)
    if file.blocks:
        return _from_blocks(file)
    return _from_text(file)


def _is_text(data: bytes) -> bool:
    """Whether bytes starting with 0x30 or 0x31 are text: these are also the digits 0 and 1."""
    return data.isascii() and min(data[:512]) >= 9


def _other(kind: Kind) -> Reading:
    rule = "file.unknown" if kind in (Kind.UNKNOWN, Kind.TEXT, Kind.ASN1) else "file.other_type"
    return Reading(kind, findings=[found(rule, value=kind.value)])


def _from_der(file: File, kind: Kind) -> Reading:
    if kind not in (Kind.REQUEST, Kind.ASN1):
        return _other(kind)
    if any(PEM_LABELS.get(block.label) is Kind.REQUEST for block in file.blocks):
        return Reading(Kind.REQUEST, findings=[found("file.several", value=1 + len(file.blocks))])
    return Reading(kind, file.data, root=file.root)


def _from_blocks(file: File) -> Reading:
    requests = [block for block in file.blocks if PEM_LABELS.get(block.label) is Kind.REQUEST]
    if not requests:
        return _not_requests(file.blocks)
    if damaged := next((block for block in requests if block.problem), None):
        finding = found("file.damaged_pem", problem=damaged.problem or "")
        several = [found("file.several", value=len(requests))] if len(requests) > 1 else []
        return Reading(Kind.REQUEST, findings=[finding, *several])
    if len(ders := {block.der for block in requests} | _requests_inside(file)) > 1:
        return Reading(Kind.REQUEST, findings=[found("file.several", value=len(ders))])
    return _one_request(file, requests)


def _requests_inside(file: File) -> set[bytes]:
    """DER of the requests in the text in base64, with or without BEGIN and END lines."""
    within = (read.leading(inner.data) for inner in file.inside if inner.data[:1] == b"\x30")
    return {der for der in within if kind_of_der(der) is Kind.REQUEST}


def _one_request(file: File, requests: list[Block]) -> Reading:
    der, kind = requests[0].der, requests[0].kind
    if kind not in (Kind.REQUEST, Kind.ASN1):
        return _other(kind)
    root = next((inner.root for inner in file.inside if inner.data == der), None)
    repaired = [*file.repaired, *requests[0].repaired]
    reading = Reading(Kind.REQUEST, der, repaired=repaired, root=root)
    if len(requests) > 1:
        reading.repaired.append("twice")
    others = [block.label for block in file.blocks if PEM_LABELS.get(block.label) != Kind.REQUEST]
    if others:
        reading.findings.append(found("file.left_out", value=sorted(set(others))))
    return reading


def _not_requests(blocks: list[Block]) -> Reading:
    if blocks[0].kind is Kind.REQUEST:
        return Reading(Kind.REQUEST, findings=[found("file.damaged_pem", problem="label")])
    kind = PEM_LABELS.get(blocks[0].label) or kind_of_text(f"-----BEGIN {blocks[0].label}")
    return _other(kind)


def _from_text(file: File) -> Reading:
    der, repaired = bare_base64(file.text)
    if der and kind_of_der(der) is Kind.REQUEST:
        return Reading(Kind.REQUEST, der, repaired=[*file.repaired, *repaired])
    if der:
        return _other(kind_of_der(der))
    if _LINE.search(file.text):
        return Reading(
            Kind.REQUEST, findings=[found("file.damaged_pem", problem=damage(file.text))]
        )
    kind = Kind.PDF if file.text.startswith("%PDF") else kind_of_text(file.text)
    return _among_words(file) if kind is Kind.TEXT else _other(kind)


def _among_words(file: File) -> Reading:
    """The request in base64 without BEGIN and END lines within other text, if there is one."""
    ders = _requests_inside(file)
    if len(ders) > 1:
        return Reading(Kind.REQUEST, findings=[found("file.several", value=len(ders))])
    for der in ders:
        if base64.b64encode(der[:12]).decode() in file.text:
            return Reading(Kind.REQUEST, der, repaired=[*file.repaired, "bare_base64"])
    if any(map(_has_request, file.inside)):
        return Reading(Kind.REQUEST, findings=[found("file.damaged_pem", problem="twice")])
    return _other(Kind.TEXT)


def _has_request(file: File) -> bool:
    labelled = any(PEM_LABELS.get(block.label) is Kind.REQUEST for block in file.blocks)
    return labelled or bool(_requests_inside(file)) or any(map(_has_request, file.inside))


_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def text_of(data: bytes) -> tuple[str, tuple[str, ...]]:
    """The file as text, and codes of the repairs made ("utf16", "blanks").

    Decoded as UTF-16 or UTF-8, else as Latin-1. Windows PowerShell writes UTF-16 with ``>``;
    without a byte order mark it is recognised by a NUL in every other octet. Special spaces of
    web pages and word processors become U+0020, and characters without width are removed.
    """
    text, repaired = _decoded(data)
    if text.isascii() or not _FOREIGN.search(text):
        return text, repaired
    request = text[text.find("-----BEGIN") : text.rfind("-----END")]
    if _FOREIGN.search(request):
        repaired = (*repaired, "blanks")
    return _FOREIGN.sub(lambda found: " " if found[0].isspace() else "", text), repaired


_FOREIGN = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]|[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Spaces other than U+0020, and characters without width."""


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    codec = _UTF16.get(data[:2]) or _guess_utf16(data)
    if codec:
        body = data[2:] if data[:2] in _UTF16 else data
        return body.decode(codec, errors="replace"), ("utf16",)
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode(), ()
    except UnicodeDecodeError:
        return body.decode("latin-1"), ()


def _guess_utf16(data: bytes) -> str | None:
    head = data[:200]
    if len(head) < 20:
        return None
    if not any(head[::2]) and all(head[1::2]):
        return "utf-16-be"
    if not any(head[1::2]) and all(head[::2]):
        return "utf-16-le"
    return None
