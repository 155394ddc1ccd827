"""Keeps private keys in addresses out of the links, redirects and log lines that repeat these.

A key may be pasted into a search field or an address by mistake.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template import Context
from django.template.defaulttags import querystring
from django.utils.translation import get_language_from_path

from certportal.foundation.text.private_keys_in_text import shows_private_key


class AddressesWithoutKeys:
    """Middleware that replaces a path with a private key, and takes the key out of redirects.

    It is the outermost, since Django's middleware redirects (to a language, a slash, https) and
    logs the path, as `RequestLog` does. It leaves the query alone, so that views can refuse it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, and take a private key out of the answer's `Location`."""
        if shows_private_key(request.path_info):
            language = get_language_from_path(request.path_info)
            request.path = request.path_info = f"/{language}/***" if language else "/***"
        response = self.get_response(request)
        if address := response.get("Location"):
            response["Location"] = without_key(address)
        return response


def kept_query(request: HttpRequest, **changes: Any) -> str:
    """Return the query from its "?" on, changed as the template tag `querystring` does it.

    Nothing if there is none and nothing to change.
    """
    has_key = _has_private_key(request.META.get("QUERY_STRING", ""))
    kept = QueryDict() if has_key else request.GET
    return querystring(Context(), kept, **changes) if kept or changes else ""


def kept_path(request: HttpRequest) -> str:
    return without_key(request.get_full_path())


def without_key(address: str) -> str:
    """Return an address without its query if that has a private key; "/" if the path has one."""
    path, _mark, query = address.partition("?")
    if shows_private_key(unquote(urlsplit(path).path)):
        return "/"
    return path if _has_private_key(query) else address


def _has_private_key(query: str) -> bool:
    pairs = parse_qsl(query, keep_blank_values=True)
    return any(shows_private_key(text) for pair in pairs for text in pair)
