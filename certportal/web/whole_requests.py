"""Reads requests to their end, so that the proxy gets every answer."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from certportal.web.errors import MOST_BYTES

PIECE = 64 * 1024


def reading_to_the_end(application: WSGIApplication) -> WSGIApplication:
    """Return the application, after which no part of the request's body is unread.

    gunicorn closes the connection after the answer. If something is unread then, the proxy, which
    may still be sending, is reset and shows its page for a service that is away (502).
    """

    def whole(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = application(environ, start_response)
        body = environ["wsgi.input"]
        for _piece in range(MOST_BYTES // PIECE):
            if not body.read(PIECE):
                break
        return answer

    return whole
