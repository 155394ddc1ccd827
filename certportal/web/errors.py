"""Error pages for each kind of failure."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from accounts.acting_for import named
from certportal.foundation.errors import Refused, TooMany, Unavailable
from certportal.foundation.files import storing
from certportal.foundation.files.documents import TooBig
from certportal.foundation.files.faults import DamagedFile
from certportal.foundation.outbox.outages import is_outage
from certportal.foundation.web import limits, refusals
from certportal.foundation.web.browsers import came_from, comes_from_elsewhere
from certportal.foundation.web.queries import kept_path
from certportal.foundation.web.unsent import Unsent, written

log = structlog.get_logger(__name__)

RETRY_SECONDS = 60
# Views that accept fewer are decorated with `require_safe`, `require_POST` or `pressed_on`.
METHODS = ("GET", "HEAD", "POST")
# More than twice the largest request of any form, including documents.
MOST_BYTES = 32 * 1024 * 1024
TEMPLATES = {403: "403.html", 404: "404.html", 409: "409.html", 429: "429.html"}


class BodyTooBig(TooBig):
    """The request's Content-Length exceeds `MOST_BYTES`; its body is not read."""

    status = 413


class ErrorMiddleware:
    """Turns `Refused`, `Unavailable` and `DamagedFile` into error pages; others give the 500 page.

    Innermost, but before any form is parsed, so that an oversized upload cannot fill the disk with
    the parser's temporary files.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse other methods and too large requests, pass others on; see ``process_exception``.

        A page for a browser that uses an address in the other way than it is for is added here.

        U+0000 in the path gives 404: no URL of ours has it, and PostgreSQL text cannot store it.
        """
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        if "\x00" in request.path:
            raise Http404
        if announced(request) > MOST_BYTES:
            return refused(request, BodyTooBig())
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed):
            return not_allowed(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for these exceptions; leave others to Django."""
        if isinstance(error, DamagedFile):
            error = storing.lost(error)
        if isinstance(error, Refused):
            return refused(request, error, lost=written(request))
        if isinstance(error, Unavailable):
            return unavailable(request, error)
        return None


def announced(request: HttpRequest) -> int:
    """Return the request's Content-Length in bytes; Django reads no more than this."""
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0


def refused(request: HttpRequest, error: Refused, *, lost: Unsent | None = None) -> HttpResponse:
    """Return the page with the refusal's message, a link back, and what was written, to be copied.

    A view that keeps the input in its form shows the refusal itself. `lost`: nothing if the body is
    not to be read.
    """
    log.info("refused", kind=type(error).__name__, status=error.status)
    refusals.record_act(request, error)
    template = TEMPLATES.get(error.status, "400.html")
    context: dict[str, Any] = {"message": str(error), "back": came_from(request)}
    context |= {"place": getattr(error, "place", ""), "lost": lost}
    response = render(request, template, context, status=error.status)
    return limits.too_many(response, error) if isinstance(error, TooMany) else response


def not_allowed(request: HttpRequest, refusal: HttpResponseNotAllowed) -> HttpResponse:
    """Return the page for an address that only takes POST, opened by itself, or only shows.

    It leads to the page of the address's button if the view names it (`pressed_on`), or to the page
    that shows.
    """
    sent = request.method == "POST"
    place = kept_path(request) if sent else getattr(refusal, "place", "")
    context = {"sent": sent, "place": place, "back": came_from(request)}
    response = render(request, "405.html", context, status=refusal.status_code)
    response["Allow"] = refusal["Allow"]
    return response


def unavailable(request: HttpRequest, error: Unavailable) -> HttpResponse:
    """Return the 503 page: a source or device does not answer, retry in a minute."""
    log.warning("unavailable", kind=type(error).__name__, error=str(error))
    context = {"back": came_from(request), "sent": request.method == "POST", "lost": _lost(request)}
    response = HttpResponse(render_to_string("503.html", context), status=503)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _lost(request: HttpRequest) -> Unsent | None:
    """Return what was written; None if it cannot be read, since the page must not fail itself."""
    with suppress(Exception):
        return written(request)
    return None


def wrong_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form of another site, or without the session's CSRF token.

    It is ``CSRF_FAILURE_VIEW``.

    A login changes the token, so the forms in other tabs have an old one. What such a form had is
    shown, and can be sent unless it confirms something, which its own page says.
    """
    context = {
        "unsent": written(request),
        "named": named(request),
        "back": came_from(request),
        "elsewhere": comes_from_elsewhere(request),
    }
    return render(request, "not_sent.html", context, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for malformed requests (``handler400``); it names an exceeded limit.

    Django also calls it if the session was deleted, or renewed by a login, while its request was
    answered.
    """
    if isinstance(exception, RequestDataTooBig):
        message = _(
            "The text you wrote or pasted is too large for the service. Shorten it, or send it as a"
            " file."
        )
    elif isinstance(exception, TooManyFilesSent):
        message = _(
            "You chose more than %(most)s files at once, and none of them has been read. Pack them"
            " in a ZIP archive, or send them in several parts."
        ) % {"most": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
    elif isinstance(exception, SessionInterrupted):  # the session is saved last
        message = _(
            "Your session ended or changed while the service was working, for example in another"
            " window or because a button was pressed twice. What you did may have been done: look"
            " before you do it again."
        )
    else:  # our template may fail too, for instance if the Host header is invalid
        return defaults.bad_request(_read(request), exception)
    context = {"message": message, "back": came_from(request)}
    return render(request, "400.html", context, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 403 page (``handler403``)."""
    return defaults.permission_denied(_read(request), exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return defaults.page_not_found(_read(request), exception)


def _read(request: HttpRequest) -> HttpRequest:
    """Return the request, of which Django's views of errors read no more.

    They look for the CSRF token in the form, and would fail where it is the form that is at fault.
    """
    request.csrf_processing_done = True  # type: ignore[attr-defined]
    return request


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the 500 page (``handler500``) with the request id to find the error in the log.

    Needs no database. If the database does not answer, or a disk is full, returns the 503 page.
    """
    fault = sys.exc_info()[1]
    if isinstance(fault, Exception) and is_outage(fault):
        failing = "disk" if isinstance(fault, OSError) else "database"
        return unavailable(request, Unavailable(failing))
    reference = structlog.contextvars.get_contextvars().get("request_id", "")
    context = {"reference": reference, "lost": _lost(request)}
    return HttpResponse(render_to_string("500.html", context), status=500)
