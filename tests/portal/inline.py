"""Inline styles and scripts in pages."""

from collections.abc import Iterator
from html.parser import HTMLParser

from django.urls import reverse

from applications.models import Application
from tests.isolation.table import TABLE

GOING = {"accounts:logout", "accounts:identify"}


class Inline(HTMLParser):
    """Finds programs and styles inside a page itself; data for our own scripts is neither."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = dict(attributes)
        is_data = known.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in known and not is_data):
            self.found.append(tag)
        self.found += [name for name in known if name == "style" or name.startswith("on")]
        self.found += [value for value in known.values() if (value or "").startswith("javascript:")]


def places(application: Application, *, console: bool) -> Iterator[str]:
    """Yield the pages, of the console or else, that an order alone is enough to open."""
    for entry in TABLE:
        enough = entry.name and entry.name not in GOING and entry.wants <= {"application_id"}
        if enough and entry.name.startswith("console:") == console:
            yield reverse(entry.name, kwargs=dict.fromkeys(entry.wants, application.pk))
