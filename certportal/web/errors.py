"""What a reader sees when something cannot be done: one worded page for each kind of failure."""

import sys
from collections.abc import Callable

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from certportal.foundation.browsers import came_from
from certportal.foundation.documents import TooBig
from certportal.foundation.errors import Refused, TooMany, Unavailable

log = structlog.get_logger(__name__)

RETRY_SECONDS = 60
# No form of the service makes a request half as large, documents included.
MOST_BYTES = 32 * 1024 * 1024
TEMPLATES = {403: "403.html", 404: "404.html", 409: "409.html", 429: "429.html"}


class BodyTooBig(TooBig):
    """The request announces more than any form of the service needs; nothing of it is read."""

    status = 413


class ErrorMiddleware:
    """Turns what services raise on purpose into pages; anything else becomes the 500 page.

    Stands innermost, but still before any form is read: an upload without end would fill the disk
    with what its parser keeps aside.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse what is too large and pass the rest on; see ``process_exception``.

        No address of ours holds U+0000, and PostgreSQL takes it in no text.
        """
        if "\x00" in request.path:
            raise Http404
        if announced(request) > MOST_BYTES:
            return refused(request, BodyTooBig())
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Word a refusal or an unavailable source; leave every other exception to Django."""
        if isinstance(error, Refused):
            return refused(request, error)
        if isinstance(error, Unavailable):
            return unavailable(request, error)
        return None


def announced(request: HttpRequest) -> int:
    """How many bytes of a body the request announces; Django reads no further than this."""
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """The refusal in its raiser's words, and the way back to where the reader came from."""
    log.info("refused", kind=type(error).__name__, status=error.status)
    template = TEMPLATES.get(error.status, "400.html")
    context = {"message": str(error), "back": came_from(request)}
    response = render(request, template, context, status=error.status)
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    return response


def unavailable(request: HttpRequest, error: Unavailable) -> HttpResponse:
    """A source or device does not answer: nothing is lost, try again in a minute."""
    log.warning("unavailable", kind=type(error).__name__, error=str(error))
    response = HttpResponse(render_to_string("503.html", {"back": came_from(request)}), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """``handler400``: the browser sent what no form takes; says so where the text is too long."""
    if not isinstance(exception, RequestDataTooBig):  # it may be the host's name that is wrong
        return defaults.bad_request(request, exception)
    message = _(
        "The text you wrote or pasted is too large for the service. Shorten it, or send it as a"
        " file."
    )
    context = {"message": message, "back": came_from(request)}
    return render(request, "400.html", context, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``: needs no database; shows the id under which the fault stands in the log.

    A database that does not answer is not a fault of the program: 503, and try again in a minute.
    """
    fault = sys.exc_info()[1]
    if isinstance(fault, OperationalError | InterfaceError):
        return unavailable(request, Unavailable("database"))
    reference = structlog.contextvars.get_contextvars().get("request_id", "")
    return HttpResponse(render_to_string("500.html", {"reference": reference}), status=500)
