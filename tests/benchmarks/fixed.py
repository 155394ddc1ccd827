"""Applications that answer whatever is asked with one response, made beforehand: WSGI and RSGI."""

import json
import os
from pathlib import Path

FOLDER = Path(os.environ.get("FIXED_RESPONSE", "."))
BODY = (FOLDER / "body").read_bytes()
HEADERS = [tuple(each) for each in json.loads((FOLDER / "headers").read_text())]


def application(environ, start_response):
    """Answer as a WSGI application: PEP 3333."""
    start_response("200 OK", HEADERS)
    return [BODY]


async def rsgi(scope, protocol):
    """Answer as granian's own interface has it."""
    protocol.response_bytes(200, HEADERS, BODY)
