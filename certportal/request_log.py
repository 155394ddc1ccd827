"""One log line at a request's start and end, without what an address may carry in secret."""

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

from certportal.logs import TOKEN


class RequestLog(RequestMiddleware):
    """Leaves out the query (codes of identification, search words) and hides tokens in the path."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path, fit for a log."""
        return f"{request.method} {TOKEN.sub('***', request.path)}"
