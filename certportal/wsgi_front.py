"""The WSGI entry point of the process `front`: CRLs, CA certificates and OCSP, nothing else.

It uses neither the database nor Django's views, so revocation status stays available when these
fail.
"""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
os.environ.setdefault("PORTAL_PROCESS", "front")

from django.conf import settings
from django.utils.log import configure_logging

from issuance.publication.front import Front

configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


def rest(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer requests for other paths: 200 for `/livez`, else 404."""
    alive = environ.get("PATH_INFO") == "/livez"
    body = b"ok\n" if alive else b""
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
    start_response("200 OK" if alive else "404 Not Found", headers)
    return [body]


application = Front(rest)
