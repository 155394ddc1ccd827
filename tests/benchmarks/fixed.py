"""A WSGI application that answers whatever is asked with one response, made beforehand."""

import json
import os
from pathlib import Path

FOLDER = Path(os.environ.get("FIXED_RESPONSE", "."))
BODY = (FOLDER / "body").read_bytes()
HEADERS = [tuple(each) for each in json.loads((FOLDER / "headers").read_text())]


def application(environ, start_response):
    start_response("200 OK", HEADERS)
    return [BODY]
