"""A strict, bounded reader of DER (X.690). Pure: no input or output.

Libraries differ in how much BER they accept, and some recurse as deep as the input is nested.
This reader accepts DER only, does not recurse, and reports what is wrong and where.
"""

from collections.abc import Callable
from functools import lru_cache

MAX_DEPTH = 32
MAX_ELEMENTS = 20_000
MAX_OID_BYTES = 64
"""Limit of an object identifier in content octets; the longest in use have about 30."""

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31


class MalformedError(Exception):
    """The bytes are not valid DER, or do not have the expected structure.

    ``problem`` is a short code such as ``truncated``; ``offset`` counts octets from the start.
    """

    def __init__(self, problem: str, offset: int) -> None:
        super().__init__(f"{problem} at {offset}")
        self.problem = problem
        self.offset = offset


class Element:
    """One element of ``data``: its identifier octet and the offsets of start, content and end."""

    __slots__ = ("_children", "data", "end", "inner", "start", "tag")

    def __init__(self, data: bytes, tag: int, start: int, inner: int, end: int) -> None:
        """Refer to ``data`` without copying; ``inner`` is the offset of the content."""
        self.data, self.tag = data, tag
        self.start, self.inner, self.end = start, inner, end
        self._children: list[Element] | None = None

    @property
    def content(self) -> bytes:
        return self.data[self.inner : self.end]

    @property
    def encoded(self) -> bytes:
        """The complete encoding: identifier, length and content octets."""
        return self.data[self.start : self.end]

    def children(self) -> list["Element"]:
        """The elements inside. Raises MalformedError, also if this element is primitive."""
        if self._children is None:
            if not self.tag & 0x20:
                raise MalformedError("structure", self.start)
            self._children = _elements(self.data, self.inner, self.end)
        return self._children

    def keep(self, children: list["Element"]) -> None:
        """Store the elements inside, which the caller has parsed."""
        self._children = children

    def expect(self, tag: int) -> "Element":
        """This element if its identifier octet is ``tag``, else raise MalformedError."""
        if self.tag != tag:
            raise MalformedError("structure", self.start)
        return self


def read(data: bytes) -> Element:
    """The single element in ``data``. Raises MalformedError, also for trailing octets.

    The content is parsed only when asked for.
    """
    element = _read(data, 0, len(data))
    if element.end != len(data):
        raise MalformedError("trailing", element.end)
    return element


def leading(data: bytes) -> bytes:
    """The encoding of the first element in ``data``; empty if there is no valid element."""
    try:
        return _read(data, 0, len(data)).encoded
    except MalformedError:
        return b""


def read_strictly(data: bytes) -> Element:
    """Like ``read``, but parses and checks everything inside as DER too.

    Depth and number of elements are limited to MAX_DEPTH and MAX_ELEMENTS.
    """
    root = read(data)
    rule = _RULES.get(root.tag)
    if rule and not rule[1](root.content):
        raise MalformedError(rule[0], 0)
    level, count = [root] if root.tag & 0x20 else [], 1
    for _ in range(MAX_DEPTH):
        if not level:
            return root
        below, number = _inside(data, level)
        count += number
        if count > MAX_ELEMENTS:
            break
        level = below
    raise MalformedError("depth", level[0].start)


def _inside(data: bytes, level: list[Element]) -> tuple[list[Element], int]:
    """Read and check all children of a level: the constructed children and the total number."""
    below: list[Element] = []
    count = 0
    for parent in level:
        offset, end = parent.inner, parent.end
        children: list[Element] = []
        while offset < end:
            tag, inner = data[offset], offset + 2
            length = data[offset + 1] if inner <= end else 0x80
            if tag and tag & 0x1F != 0x1F and length < 0x80 and inner + length <= end:
                child = Element(data, tag, offset, inner, inner + length)  # short form, fast path
            else:
                child = _read(data, offset, end)
            children.append(child)
            if tag in _RULES:
                problem, holds = _RULES[tag]
                if not holds(data[child.inner : child.end]):
                    raise MalformedError(problem, offset)
            elif tag & 0x20:
                below.append(child)
            offset = child.end
        parent.keep(children)
        count += len(children)
    return below, count


def _elements(data: bytes, offset: int, end: int) -> list[Element]:
    elements: list[Element] = []
    while offset < end:
        element = _read(data, offset, end)
        elements.append(element)
        offset = element.end
    return elements


def _read(data: bytes, offset: int, end: int) -> Element:
    if end - offset < 2:
        raise MalformedError("truncated", offset)
    tag = data[offset]
    at = offset + 1 if tag & 0x1F != 0x1F else _after_long_tag(data, offset, end)
    if tag == 0 or at >= end:
        raise MalformedError("tag", offset)
    length, inner = data[at], at + 1
    if length & 0x80:
        length, inner = _long_length(data, at, end, length & 0x7F)
    if length > end - inner:
        raise MalformedError("truncated", offset)
    return Element(data, tag, offset, inner, inner + length)


def _after_long_tag(data: bytes, offset: int, end: int) -> int:
    """Offset of the length octets after a tag number of 31 or more (X.690 section 8.1.2.4)."""
    for at in range(offset + 1, min(offset + 5, end)):
        if not data[at] & 0x80:
            return at + 1
    raise MalformedError("tag", offset)


def _long_length(data: bytes, offset: int, end: int, size: int) -> tuple[int, int]:
    inner = offset + 1 + size
    if size == 0:
        raise MalformedError("indefinite", offset)
    if size > 4 or inner > end:
        raise MalformedError("truncated", offset)
    length = int.from_bytes(data[offset + 1 : inner])
    if length < 0x80 or length >> (8 * (size - 1)) == 0:
        raise MalformedError("length", offset)
    return length, inner


def integer(element: Element) -> int:
    """Value of an INTEGER in its shortest encoding. Raises MalformedError."""
    content = element.expect(INTEGER).content
    if not _is_least(content):
        raise MalformedError("integer", element.start)
    return int.from_bytes(content, signed=True)


def _is_least(content: bytes) -> bool:
    if len(content) < 2:
        return len(content) == 1
    return content[0] not in (0x00, 0xFF) or (content[0] ^ content[1]) > 0x7F


def object_identifier(element: Element) -> str:
    """Dotted form of an OBJECT IDENTIFIER. Raises MalformedError."""
    content = element.expect(OID).content
    dotted = _dotted(content) if len(content) <= MAX_OID_BYTES else None
    if dotted is None:
        raise MalformedError("oid", element.start)
    return dotted


@lru_cache(maxsize=2048)
def _dotted(content: bytes) -> str | None:
    if not content or content[-1] & 0x80:
        return None
    arcs, arc, fresh = list[int](), 0, True
    for octet in content:
        if fresh and octet == 0x80:
            return None
        arc, fresh = arc << 7 | octet & 0x7F, not octet & 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def bit_string(element: Element) -> tuple[bytes, int]:
    """Octets of a BIT STRING and the number of unused bits in the last octet.

    Raises MalformedError, also if an unused bit is not zero (X.690 section 11.2.1).
    """
    content = element.expect(BIT_STRING).content
    unused = content[0] if content else 8
    if unused > 7 or (unused and (len(content) == 1 or content[-1] & ((1 << unused) - 1))):
        raise MalformedError("bit_string", element.start)
    return content[1:], unused


_RULES: dict[int, tuple[str, Callable[[bytes], object]]] = {
    **{0x20 | n: ("constructed", lambda _: False) for n in (*range(1, 0x0E), *range(0x12, 0x1F))},
    BOOLEAN: ("boolean", (b"\x00", b"\xff").__contains__),
    INTEGER: ("integer", _is_least),
    BIT_STRING: ("bit_string", lambda content: content and content[0] <= 7),
    NULL: ("null", lambda content: not content),
    OID: ("oid", lambda content: len(content) <= MAX_OID_BYTES and _dotted(content)),
}
"""By identifier octet: problem code and test of the content (X.690 sections 8 and 11)."""
