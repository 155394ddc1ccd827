"""The HTML part of a mail, made of its text part: the same words, laid out.

What stands in the text says how it is laid out:

- a blank line ends a paragraph,
- `* ` begins an item of a list, and lines indented by two spaces belong to the item,
- `Label: value` is a row of a table,
- an address of the service alone on a line is where the sentence before it leads,
- `-- ` begins the foot.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

MOST_BYTES = 100_000
"""Gmail cuts off what is longer than 102 kB. Such a part is left out: the text stands alone."""

FOOT = "\n-- \n"
# What a document must not contain: HTML, 13.2.3.5.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
ROW = re.compile(r"([^\W\d_][^:.,;?!]{0,39}): +(\S.*)")
LEAD = re.compile(r"(?P<before>.*[.?!] )?(?P<sentence>[^\W\d_].*):")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph ("text"), "list", table of "rows" or "link"; `lines` are lines, items, rows.

    Each line consists of parts: an item of lines, a row of label and value, others of one.
    """

    kind: str
    lines: list[list[str]]
    url: str = ""

    @property
    def shown(self) -> list[list[SafeString]]:
        """The lines as HTML."""
        return [[_linked(part) for part in line] for line in self.lines]


def page(subject: str, text: str, language: str) -> str:
    """Return the HTML part of a mail with this subject and text; "" if it would be too long.

    All of it is escaped. Addresses of the service become links, and no others.
    """
    body, line, foot = text.rpartition(FOOT)  # somebody's words may contain another
    told = {
        "subject": FORBIDDEN.sub("", subject),
        "language": language,
        "blocks": _blocks(body if line else text),
        "foot": _blocks(foot) if line else [],
    }
    made = re.sub(r"\s*\n\s*", "\n", render_to_string("mail/frame.html", told))
    return made if len(made.encode()) <= MOST_BYTES else ""


def _address() -> re.Pattern[str]:
    """Return the pattern of an address of the service; no other host begins with it."""
    return re.compile(
        rf"({re.escape(settings.PORTAL_BASE_URL)}(?:/(?:[\w/%.~+=&?#-]*[\w/=-])?)?)"
        r"(?=[.,;:!?)]*(?:\s|$))"
    )


def _linked(line: str) -> SafeString:
    """Return the line with the service's addresses as links."""
    pieces = _address().split(line)
    texts, links = map(escape, pieces[::2]), pieces[1::2]
    made = (format_html('<a href="{0}">{0}</a>', link) for link in links)
    return format_html_join("", "{}{}", zip_longest(texts, made, fillvalue=""))


def _blocks(text: str) -> list[Block]:
    """Return what the text consists of."""
    found: list[Block] = []
    ended = True
    for each in text.split("\n"):
        line = FORBIDDEN.sub("", each).rstrip()
        if line:
            _add(found, line, ended=ended)
        ended = not line
    return found


def _add(found: list[Block], line: str, *, ended: bool) -> None:
    """Add the line to the last block, or as a new one; `ended`: it follows a blank line."""
    last = found[-1] if found else Block("", [])
    kind, parts = _read(line)
    if last.kind == "list" and line.startswith("  "):
        last.lines[-1].append(line.strip())
    elif not ended and _address().fullmatch(line) and (words := _lead_off(found)):
        found.append(Block("link", [[words]], line))
    elif last.kind == kind and (kind == "list" or not ended):
        last.lines.append(parts)
    else:
        found.append(Block(kind, [parts]))


def _read(line: str) -> tuple[str, list[str]]:
    """Return the kind of block that the line belongs to, and its parts."""
    if line.startswith("* "):
        return "list", [line[2:]]
    row = ROW.fullmatch(line)
    return ("rows", list(row.groups())) if row else ("text", [line.strip()])


def _lead_off(found: list[Block]) -> str:
    """Take the sentence that leads to an address off the last block; "" if there is none."""
    last = found[-1]
    lead = LEAD.fullmatch(last.lines[-1][0]) if last.kind == "text" else None
    if lead is None:
        return ""
    last.lines.pop()
    if lead["before"]:
        last.lines.append([lead["before"].strip()])
    if not last.lines:
        found.pop()
    return lead["sentence"]
