"""A WSGI application that answers whatever is asked with the bytes of one file: the floor."""

import os
from pathlib import Path

BODY = Path(os.environ["FIXED_BODY"]).read_bytes() if "FIXED_BODY" in os.environ else b""
HEADERS = [("Content-Type", "application/ocsp-response"), ("Content-Length", str(len(BODY)))]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
