"""The text that a PDF shows: the strings of its content, through its fonts' tables of Unicode."""

import codecs
from collections.abc import Iterator
from typing import Any

import pikepdf

# Bytes of content that are read: hundreds of pages of text, and two seconds at the most.
MOST_READ = 4 * 1024 * 1024
# A gap between two strings, in thousandths of the font's size, that is a blank: TeX writes none.
_BLANK = -200
_LAST_CODE = 0xFFFF
# Found before opening files is forbidden.
_UTF_16 = codecs.getdecoder("utf-16-be")


def shown_texts(pdf: pikepdf.Pdf, streams: list[Any]) -> Iterator[str]:
    """Return the text of each page and of these streams, each string that is drawn on a line.

    Content that cannot be read, and what exceeds `MOST_READ`, is left out.
    """
    left, reader = MOST_READ, _Reader()
    places: list[tuple[Any, Any]] = [
        (page.obj.get("/Contents"), page.resources) for page in pdf.pages
    ]
    places += [(stream, stream.get("/Resources", {})) for stream in streams]
    for content, resources in places:
        lines: list[str] = []
        for stream in content if isinstance(content, pikepdf.Array) else [content]:
            try:
                left -= len(memoryview(stream.get_stream_buffer()))
                if left < 0:
                    return
                lines += reader.lines(stream, resources)
            except (pikepdf.PikepdfError, AttributeError, LookupError, TypeError, ValueError):
                continue
        yield "\n".join(lines)


class _Reader:
    """Reads content, and remembers the fonts of a document."""

    def __init__(self) -> None:
        self.font = _Font()
        self._known: dict[object, _Font] = {}

    def lines(self, stream: Any, resources: Any) -> Iterator[str]:
        """Return what each operator draws (ISO 32000-2, 9.4.3)."""
        for drawn in pikepdf.parse_content_stream(stream, "Tf Tj TJ ' \""):
            operands: list[Any] = list(drawn.operands)
            if str(drawn.operator) == "Tf":
                self.font = self._found(resources, operands[0])
            elif isinstance(operands[-1], pikepdf.Array):
                yield "".join(map(self._part, operands[-1]))
            else:
                yield self._part(operands[-1])

    def _part(self, operand: Any) -> str:
        if isinstance(operand, pikepdf.String):
            return self.font.shown(bytes(operand))
        return " " if operand < _BLANK else ""

    def _found(self, resources: Any, name: Any) -> "_Font":
        font = resources.get("/Font", {}).get(str(name), {})
        number: object = getattr(font, "objgen", (0, 0))
        if number == (0, 0):  # it stands in the page, and only its table by itself
            number = getattr(font.get("/ToUnicode"), "objgen", (0, 0)), str(font.get("/Subtype"))
        if number not in self._known:
            self._known[number] = _Font(font)
        return self._known[number]


class _Font:
    """A font's codes in Unicode (ISO 32000-2, 9.10.3); without a table they are Latin 1."""

    def __init__(self, font: Any = None) -> None:
        font = font or {}
        self.octets = 2 if font.get("/Subtype") == "/Type0" else 1
        self.table: dict[int, str] = {}
        if isinstance(table := font.get("/ToUnicode"), pikepdf.Stream):
            for mapped in pikepdf.parse_content_stream(table, "endbfchar endbfrange"):
                operands: list[Any] = list(mapped.operands)
                width = 2 if str(mapped.operator) == "endbfchar" else 3
                for at in range(0, len(operands) - width + 1, width):
                    self._add(*operands[at : at + width - 1], shown=operands[at + width - 1])

    def _add(self, first: Any, last: Any = None, *, shown: Any) -> None:
        start = int.from_bytes(_octets(first))
        end = start if last is None else int.from_bytes(_octets(last))
        for step in range(min(end, _LAST_CODE) - start + 1):
            if isinstance(shown, pikepdf.Array):
                octets = _octets(shown[step])
            else:
                octets = _octets(shown)
                octets = octets[:-2] + (int.from_bytes(octets[-2:]) + step & 0xFFFF).to_bytes(2)
            self.table[start + step] = _UTF_16(octets, "replace")[0]

    def shown(self, string: bytes) -> str:
        """Return the text of a string that is drawn with the font."""
        if not self.table:
            return string.decode("latin-1")
        starts = range(0, len(string), self.octets)
        codes = (int.from_bytes(string[at : at + self.octets]) for at in starts)
        return "".join(self.table.get(code, "") for code in codes)


def _octets(operand: Any) -> bytes:
    if not isinstance(operand, pikepdf.String):
        raise TypeError
    return bytes(operand)
