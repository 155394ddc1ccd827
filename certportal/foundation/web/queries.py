"""The query of a page as its links and redirects repeat it: not at all if it has a private key.

A key may be pasted into a search by mistake. It is refused, and no link carries it on.
"""

from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, QueryDict
from django.template import Context
from django.template.defaulttags import querystring

from certportal.foundation.private_keys import shows_private_key


def kept_query(request: HttpRequest, **changes: Any) -> str:
    """Return the query from its "?" on, changed as the template tag `querystring` does it.

    Nothing if there is none and nothing to change.
    """
    has_key = _has_private_key(request.META.get("QUERY_STRING", ""))
    kept = QueryDict() if has_key else request.GET
    return querystring(Context(), kept, **changes) if kept or changes else ""


def kept_path(request: HttpRequest) -> str:
    """Return the path and the query."""
    return without_key(request.get_full_path())


def without_key(address: str) -> str:
    """Return an address of this service, without its query if that has a private key."""
    path, _mark, query = address.partition("?")
    return path if _has_private_key(query) else address


def _has_private_key(query: str) -> bool:
    pairs = parse_qsl(query, keep_blank_values=True)
    return any(shows_private_key(text) for pair in pairs for text in pair)
