"""One log line at a request's start and end, without what an address may carry in secret."""

import re

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

# Tokens of links are 43 characters of base64url; keys of rows are UUIDs and stay readable.
TOKEN = re.compile(r"(?<=/)(?!\w{8}-\w{4}-\w{4}-\w{4}-\w{12}(?:/|$))[\w-]{32,}(?=/|$)")


class RequestLog(RequestMiddleware):
    """Leaves out the query (codes of identification, search words) and hides tokens in the path."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path, fit for a log."""
        return f"{request.method} {TOKEN.sub('***', request.path)}"
