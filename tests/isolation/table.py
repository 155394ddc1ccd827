"""The service's own URL table, walked; a new address appears here by itself."""

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.http import HttpResponseNotFound
from django.urls import URLPattern, URLResolver, get_resolver

from certportal import urls

type Table = URLResolver

LIKE = {"key": "1", "uuid": str(uuid.uuid4()), "slug": "x", "str": "x", "word": "x", "path": "1"}


@dataclass(frozen=True)
class Entry:
    """One address of the service: its name with namespace, and what it wants to be told."""

    name: str
    route: str
    wants: frozenset[str]

    def __str__(self) -> str:
        return self.name or self.route

    @property
    def somewhere(self) -> str:
        """An address of this form that leads to nothing in particular."""
        route = re.sub(r"\(\?P<\w+>(\w*)[^)]*\)", r"\1", self.route)
        filled = re.sub(r"<(?:(\w+):)?\w+>", lambda found: LIKE[found[1] or "str"], route)
        return "/" + filled.strip("^$")


def walk(
    table: Any = None,
    before: str = "",
    spaces: tuple[str, ...] = (),
    wanted: frozenset[str] = frozenset(),
) -> Iterator[Entry]:
    """Yield every address, those of included tables too."""
    for one in (table or get_resolver()).url_patterns:
        route = before + str(one.pattern)
        wants = wanted | set(one.pattern.converters) | set(one.pattern.regex.groupindex)
        if isinstance(one, URLPattern):
            name = ":".join((*spaces, one.name)) if one.name else ""
            yield Entry(name, route, wants)
        else:
            within = (*spaces, one.namespace) if one.namespace else spaces
            yield from walk(one, route, within, wants)


TABLE = list(walk())


def text_of(answer: Any) -> str:
    """Return what an answer says, also one that is sent while it is made."""
    return b"".join(answer).decode(errors="replace")


def _plain(*_given: object, **_more: object) -> HttpResponseNotFound:
    return HttpResponseNotFound()


statuses_only = patch.object(urls, "handler404", _plain)
"""Says 404 without a page: to make it takes most of the time of trying every address."""
