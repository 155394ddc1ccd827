"""Words that a mail quotes in another language than its own (WCAG 2.2, 3.1.2).

Each line of them begins with a mark, which the HTML part turns into `lang`. The text part, which
has no languages, is sent without it.
"""

import re

from django.utils.translation import get_language

# Control characters, which neither part of a mail may contain otherwise.
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
