"""Log lines at a request's start and end, without secrets that its URL may contain."""

from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars

from certportal.foundation.web.addresses import address_of
from certportal.operations.logs import TOKEN


class RequestLog(RequestMiddleware):
    """Omits the query string (identification codes, search words) and masks tokens in the path."""

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Log the address from `address_of`, which ignores forged X-Forwarded-For headers."""
        bind_contextvars(ip=address_of(request))

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path with tokens masked."""
        return f"{request.method} {TOKEN.sub('***', request.path)}"
