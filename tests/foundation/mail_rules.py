"""What the HTML part of every mail keeps to, so that mail programs show it alike and safely.

At most 100 kB, or the part is left out; nothing fetched from anywhere; no style sheet, program,
form or picture; no colours but of lines; laid out by tables that screen readers pass over; language
and title; links to the service only; the words of the text part and no others, the longest divided
by soft hyphens; valid HTML.
"""

import re
from collections.abc import Iterator

from django.conf import settings
from lxml import html
from tinyhtml5.parser import HTMLParser

from certportal.foundation.mail.html import MOST_BYTES

TAGS = {"a", "body", "br", "h1", "head", "html", "li", "meta", "p", "span"}
TAGS |= {"table", "tbody", "td", "th", "title", "tr", "ul", "wbr"}
ATTRIBUTES = {"charset", "content", "dir", "href", "lang", "name", "role", "scope", "style"}
# Markers of lists, and the colon after a label or before an address, are drawn otherwise.
DRAWN = re.compile(r"^\* |^-- ?$|:(?=\s|$)", re.MULTILINE)


def faults(page: str, subject: str, text: str, language: str) -> Iterator[str]:
    """Yield what is wrong with the HTML part of the mail."""
    if len(page.encode()) > MOST_BYTES:
        yield "too long"
    parser = HTMLParser()
    parser.parse(page)
    yield from map(str, parser.errors)
    root = html.document_fromstring(page)
    if not page.startswith("<!DOCTYPE html>"):
        yield "no doctype"
    if (root.get("lang"), root.get("dir")) != (language, "ltr"):
        yield "language"
    headings = [undivided(each.text_content()) for each in root.iter("title", "h1")]
    if headings != [subject, subject]:
        yield "title"
    yield from _of_elements(root)
    if _words(root) != words_of(subject, text):
        yield "other words than the text"


def _of_elements(root: html.HtmlElement) -> Iterator[str]:
    for each in root.iter("*"):
        if each.tag not in TAGS or set(each.keys()) - ATTRIBUTES:
            yield f"{each.tag} {each.keys()}"
        if re.search(r"url\(|color|background", each.get("style", "")):
            yield f"{each.tag} {each.get('style')}"
        is_layout = each.get("role") == "presentation"
        if each.tag == "table" and not is_layout and each.find(".//th[@scope]") is None:
            yield "a table that is neither layout nor rows with labels"
        href = each.get("href", settings.PORTAL_BASE_URL)
        if href != settings.PORTAL_BASE_URL and not href.startswith(f"{settings.PORTAL_BASE_URL}/"):
            yield f"leads elsewhere: {href}"


def _words(root: html.HtmlElement) -> list[str]:
    """The words in the page, with the address of each link whose words are others."""
    for link in root.iter("a"):
        if link.text_content() != link.get("href"):
            link.tail = f"\n{link.get('href')} {link.tail or ''}"
    for each in root.iter("br", "td", "th", "p", "li"):
        each.tail = f"\n{each.tail or ''}"
    body = root.find("body")
    assert body is not None
    return DRAWN.sub("", undivided(body.text_content()).replace("\n ", "\n")).split()


def undivided(text: str) -> str:
    """The text without the soft hyphens of its long words and the joiners of its short spans."""
    return text.replace("\u00ad", "").replace("\u2060", "")


def words_of(subject: str, text: str) -> list[str]:
    """The words of a mail."""
    return DRAWN.sub("", f"{subject}\n{text}").split()
