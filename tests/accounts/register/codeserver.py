"""A code server for tests: answers as CSAPI v6 describes, or with one fault after another."""

import json
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CLASSIFICATION = "1.2.246.537.6.202"
VERSION = "1.2.246.537.6.202.2008"
PATH = f"/codeserver/csapi/v6/classifications/{CLASSIFICATION}/versions/{VERSION}/conceptcodes"

type Json = dict[str, Any]
type Query = dict[str, list[str]]
type Fault = Callable[[BaseHTTPRequestHandler, "FakeCodeServer"], None]


def code(number: object, name: str = "Yksikkö", **fields: Any) -> Json:
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

    def __init__(self, codes: Iterable[Json]) -> None:
        self.codes = list(codes)
        self.faults: list[Fault] = []
        self.requests: list[Query] = []
        self.before_page: Callable[[int], object] = lambda number: None
        self.rows_of: Callable[[list[Json]], object] = lambda part: part
        self.stop = threading.Event()

    def answer(self, path: str, query: Query) -> tuple[int, Json | None]:
        """Status and document for one request, by the OpenAPI description."""
        if path != PATH:
            return 404, error("RESOURCE_NOT_FOUND")
        page, size = int(query.get("page", ["1"])[0]), int(query.get("pageSize", ["100"])[0])
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

    def select(self, query: Query) -> list[Json]:
        statuses = query.get("status", ["ACTIVE"])
        after = query.get("modifiedAfter", [""])[0]
        found = [c for c in self.codes if c["status"] in statuses]
        found = [c for c in found if c["lastModifiedDate"][: len(after)] >= after]
        if on := query.get("validOn", [""])[0]:
            found = [c for c in found if c["beginDate"] <= on <= c["expirationDate"]]
        return sorted(found, key=lambda c: c["conceptCodeId"])


def error(name: str) -> Json:
    return {"name": name, "message": name, "details": [{"field": "page", "issue": name}]}


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    length: int | None = None,
    **headers: Any,
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def status(number: int, **headers: Any) -> Fault:
    return lambda handler, server: send(handler, number, b"{}", **headers)


def garbage(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    send(handler, 200, b"<html>Huoltokatko</html>")


def half_a_page(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    send(handler, 200, b'{"conceptCodes": [{"conceptC', length=5000)
    handler.close_connection = True


def hang_up(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    handler.close_connection = True


def silence(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    server.stop.wait(30)


def dripping(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        if server.stop.wait(0.02):
            return


def too_much(handler: BaseHTTPRequestHandler, server: FakeCodeServer) -> None:
    send(handler, 200, b" " * 200_000)


def document(value: object) -> Fault:
    return lambda handler, server: send(handler, 200, json.dumps(value).encode())


@contextmanager
def running(server: FakeCodeServer, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; gives the base address of the API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            server.requests.append(query)
            self.close_connection = True
            if server.faults:
                server.faults.pop(0)(self, server)
                return
            number, value = server.answer(parts.path, query)
            send(self, number, b"" if value is None else json.dumps(value).encode())

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    if tls:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}).start()
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{http.server_port}/codeserver/csapi/v6"
    finally:
        server.stop.set()
        http.shutdown()
        http.server_close()
