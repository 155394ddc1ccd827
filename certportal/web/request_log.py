"""Log lines at a request's start and end, without secrets that its URL may contain."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars

from certportal.foundation.web.addresses import address_of
from certportal.operations.logs import TOKEN


class RequestLog(RequestMiddleware):
    """Omits the query string (identification codes, search words) and masks tokens in the path.

    A request whose answer or failure it has logged is marked as `logged` (see `FailuresOnce`).
    """

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Log the address from `address_of`, which ignores forged X-Forwarded-For headers."""
        bind_contextvars(ip=address_of(request))

    def handle_response(self, request: Any, response: HttpResponse) -> None:
        super().handle_response(request, response)
        request.logged = True

    def _process_exception(self, request: Any, exception: Exception) -> None:
        super()._process_exception(request, exception)
        request.logged = hasattr(request, "_raised_exception")

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method and path with tokens masked."""
        return f"{request.method} {TOKEN.sub('***', request.path)}"
