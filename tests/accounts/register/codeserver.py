"""A code server for tests: answers as CSAPI v6 describes, or with one fault after another."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

CLASSIFICATION = "1.2.246.537.6.202"
VERSION = "1.2.246.537.6.202.2008"
PATH = f"/codeserver/csapi/v6/classifications/{CLASSIFICATION}/versions/{VERSION}/conceptcodes"


def code(number, name="Yksikkö", **fields):
    attributes = fields.pop("attributes", {}) | {"LongName": [name], "Abbreviation": [name]}
    return {
        "classificationId": CLASSIFICATION,
        "versionId": VERSION,
        "conceptCodeId": f"1.2.246.10.99000018.10.{number}",
        "status": "ACTIVE",
        "beginDate": "1900-01-01",
        "expirationDate": "2100-12-31",
        "lastModifiedDate": "2026-11-01T03:00:00",
        "attributes": [{"attributeName": k, "attributeValue": v} for k, v in attributes.items()],
    } | fields


class FakeCodeServer:
    """``codes`` is the register; ``faults`` are functions of the handler, used up one a request."""

    def __init__(self, codes):
        self.codes, self.faults, self.requests = list(codes), [], []
        self.before_page = lambda number: None
        self.rows_of = lambda part: part
        self.stop = threading.Event()

    def answer(self, path, query):
        """Status and document for one request, by the OpenAPI description."""
        if path != PATH:
            return 404, error("RESOURCE_NOT_FOUND")
        page, size = int(query.get("page", [1])[0]), int(query.get("pageSize", [100])[0])
        if page < 1 or not 10 <= size <= 500:
            return 400, error("VALIDATION_ERROR")
        self.before_page(page)
        found = self.select(query)
        part = found[(page - 1) * size : page * size]
        if not part:
            return 204, None
        pages = -(-len(found) // size)
        numbers = {"page": page, "pageSize": size, "totalItems": len(found), "totalPages": pages}
        return 200, {"conceptCodes": self.rows_of(part)} | numbers

    def select(self, query):
        statuses = query.get("status", ["ACTIVE"])
        after = query.get("modifiedAfter", [""])[0]
        found = [c for c in self.codes if c["status"] in statuses]
        found = [c for c in found if c["lastModifiedDate"][: len(after)] >= after]
        if on := query.get("validOn", [""])[0]:
            found = [c for c in found if c["beginDate"] <= on <= c["expirationDate"]]
        return sorted(found, key=lambda c: c["conceptCodeId"])


def error(name):
    return {"name": name, "message": name, "details": [{"field": "page", "issue": name}]}


def send(handler, status, body=b"", length=None, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def status(number, **headers):
    return lambda handler, server: send(handler, number, b"{}", **headers)


def garbage(handler, server):
    send(handler, 200, b"<html>Huoltokatko</html>")


def half_a_page(handler, server):
    send(handler, 200, b'{"conceptCodes": [{"conceptC', length=5000)
    handler.close_connection = True


def hang_up(handler, server):
    handler.close_connection = True


def silence(handler, server):
    server.stop.wait(30)


def dripping(handler, server):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b" ")
        if server.stop.wait(0.02):
            return


def too_much(handler, server):
    send(handler, 200, b" " * 200_000)


def document(value):
    return lambda handler, server: send(handler, 200, json.dumps(value).encode())


@contextmanager
def running(server):
    """Serve on a free port of 127.0.0.1; gives the base address of the API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            server.requests.append(query)
            self.close_connection = True
            if server.faults:
                server.faults.pop(0)(self, server)
                return
            number, value = server.answer(parts.path, query)
            send(self, number, b"" if value is None else json.dumps(value).encode())

        def log_message(self, *args):
            """Keep the test's output clean."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        yield f"http://127.0.0.1:{http.server_port}/codeserver/csapi/v6"
    finally:
        server.stop.set()
        http.shutdown()
        http.server_close()
