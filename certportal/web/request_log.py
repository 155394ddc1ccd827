"""One log line at a request's start and end, without what an address may carry in secret."""

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars

from certportal.foundation.addresses import address_of
from certportal.logs import TOKEN


class RequestLog(RequestMiddleware):
    """Leaves out the query (codes of identification, search words) and hides tokens in the path."""

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Name the visitor by the one rule there is; a forged header must not frame anyone."""
        bind_contextvars(ip=address_of(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path, fit for a log."""
        return f"{request.method} {TOKEN.sub('***', request.path)}"
