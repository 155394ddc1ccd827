"""The HTML part of a mail, generated from its text part.

The form of the text decides the layout:

- a blank line ends a paragraph,
- `* ` begins a list item, and lines indented by two spaces continue it,
- `Label: value` is a row of a table, unless it reads as a sentence: three words or more before the
  colon, and a full stop at the end,
- a URL of the service alone on a line makes the sentence before it a link,
- `-- ` begins the footer.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from certportal.foundation.text.wording import at_joints_in_mail, divided, hyphenated

MOST_BYTES = 100_000
"""Gmail truncates HTML over 102 kB; a mail that would be longer has no HTML part."""

FOOT = "\n-- \n"
# Characters that an HTML document must not contain: HTML, 13.2.3.5.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
ROW = re.compile(r"([^\W\d_][^:.,;?!]{0,39}): +(\S.*)")
SENTENCE = re.compile(r"(\S+ +){2,}[^:]*:.*[.!?]")
LEAD = re.compile(r"(?P<before>.*[.?!] )?(?P<sentence>[^\W\d_].*):")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph ("text"), "list", table of "rows" or "link"; `lines`: its lines, items or rows.

    Each element of `lines` is a list of strings: the lines of an item, label and value of a row, or
    a single line. `language` is that of quoted words in another language than the mail's.
    """

    kind: str
    lines: list[list[str]]
    url: str = ""
    language: str = ""

    @property
    def shown(self) -> list[list[SafeString]]:
        """The lines as HTML; long words of labels are divided, to leave room for the values."""
        if self.kind == "rows":
            return [[escape(hyphenated(label)), _linked(value)] for label, value in self.lines]
        return [[_linked(part) for part in line] for line in self.lines]


def page(subject: str, text: str, language: str) -> str:
    """Return the HTML part of a mail with this subject and text; "" if it would be too long.

    All text is escaped. Only URLs of the service become links.
    """
    body, line, foot = text.rpartition(FOOT)  # the last one: quoted words may contain another
    context = {
        "subject": FORBIDDEN.sub("", subject),
        "heading": at_joints_in_mail(FORBIDDEN.sub("", subject)),
        "language": language,
        "blocks": _blocks(body if line else text),
        "foot": _blocks(foot) if line else [],
    }
    with translation.override(language):
        whole = divided(render_to_string("mail/frame.html", context))
    rendered = re.sub(r"\s*\n\s*", "\n", whole).lstrip()
    return rendered if len(rendered.encode()) <= MOST_BYTES else ""


def _address() -> re.Pattern[str]:
    """Return the pattern of a URL of the service; it does not match a host that only begins so."""
    return re.compile(
        rf"({re.escape(settings.PORTAL_BASE_URL)}(?:/(?:[\w/%.~+=&?#-]*[\w/=-])?)?)"
        r"(?=[.,;:!?)]*(?:\s|$))"
    )


def _linked(line: str) -> SafeString:
    """Return the escaped line with the service's URLs as links."""
    pieces = _address().split(line)
    texts, urls = map(at_joints_in_mail, pieces[::2]), pieces[1::2]
    links = (format_html('<a href="{}">{}</a>', url, at_joints_in_mail(url)) for url in urls)
    return format_html_join("", "{}{}", zip_longest(texts, links, fillvalue=""))


def _blocks(text: str) -> list[Block]:
    found: list[Block] = []
    ended = True
    for each in text.split("\n"):
        language = language_of(each)
        line = FORBIDDEN.sub("", plain(each)).rstrip()
        if line:
            _add(found, line, language, ended=ended)
        ended = not line
    return found


def _add(found: list[Block], line: str, language: str, *, ended: bool) -> None:
    """Add the line to the last block, or as a new one; `ended`: it follows a blank line."""
    last = found[-1] if found and found[-1].language == language else Block("", [])
    kind, parts = _read(line)
    if last.kind == "list" and line.startswith("  "):
        last.lines[-1].append(line.strip())
    elif not ended and _address().fullmatch(line) and (words := _lead_off(found, language)):
        found.append(Block("link", [[words]], line, language))
    elif last.kind == kind and (kind == "list" or not ended):
        last.lines.append(parts)
    else:
        found.append(Block(kind, [parts], language=language))


def _read(line: str) -> tuple[str, list[str]]:
    """Return the kind of block that the line belongs to, and its parts."""
    if line.startswith("* "):
        return "list", [line[2:]]
    row = None if SENTENCE.fullmatch(line) else ROW.fullmatch(line)
    return ("rows", list(row.groups())) if row else ("text", [line.strip()])


def _lead_off(found: list[Block], language: str) -> str:
    """Remove the sentence before a URL from the last block and return it; "" if there is none."""
    last = found[-1]
    leads = last.kind == "text" and last.language == language
    lead = LEAD.fullmatch(last.lines[-1][0]) if leads else None
    if lead is None:
        return ""
    last.lines.pop()
    if lead["before"]:
        last.lines.append([lead["before"].strip()])
    if not last.lines:
        found.pop()
    return lead["sentence"]


# Each line of words in another language than the mail's (WCAG 2.2, 3.1.2) begins with this mark,
# which the HTML part turns into `lang`; the text part is sent without. Its control characters
# neither part may contain otherwise.
_MARK = re.compile("\x0e([a-z]{2})\x0f")


def quoted(words: object, language: str) -> str:
    """Return the words, marked as being in the language unless the mail itself is."""
    text = plain(str(words))
    if language == get_language():
        return text
    lines = (f"\x0e{language}\x0f{line}" if line.strip() else line for line in text.split("\n"))
    return "\n".join(lines)


def plain(text: str) -> str:
    return _MARK.sub("", text)


def language_of(line: str) -> str:
    """Return the language with which the line is marked; "" for a line in the mail's own."""
    found = _MARK.match(line)
    return found[1] if found else ""
