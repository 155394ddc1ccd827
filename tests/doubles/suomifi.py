"""Suomi.fi-valtuudet on the loopback: its Web API as published, strict about everything."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

SKEW = timedelta(minutes=5)
type Organisation = dict[str, Any]
type Answer = tuple[int, bytes]


@dataclass
class Valtuudet:
    """The service; `rights` are the organisations of each personal identity code.

    `instead` replaces the answer of an endpoint (register, token, roles) by another one. `heard`:
    each path asked for, with its query.
    """

    redirect_uri: str
    rights: dict[str, list[Organisation]] = field(default_factory=dict)
    client_id: str = "ed4b7ae7"
    api_key: str = "3ba56df8-88b8-4805-9b04-2f8e7a61"
    oauth_secret: str = "between us"
    instead: dict[str, Answer] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    base: str = ""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    # session → (user, code); user → session; code → (user, identifier); token → (user, identifier)
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """The options with which our side asks this service."""
        return {
            "url": self.base,
            "client_id": self.client_id,
            "api_key": self.api_key,
            "oauth_secret": self.oauth_secret,
            "roles": ("TJ", "NIMKO", "ELI"),
        }

    def is_signed(self, path: str, header: str) -> bool:
        """Whether the header is ours, in time, and over this very path with its query."""
        parts = header.split(" ")
        if len(parts) != 3 or parts[0] != self.client_id:
            return False
        try:
            off = abs(self.clock() - datetime.fromisoformat(parts[1]))
        except (ValueError, TypeError):
            return False
        signed = f"{path} {parts[1]}".encode()
        digest = hmac.new(self.api_key.encode(), signed, hashlib.sha256).digest()
        return off <= SKEW and hmac.compare_digest(base64.b64encode(digest).decode(), parts[2])

    def register(self, client_id: str, hetu: str) -> Answer:
        """Begin a session for the person."""
        if client_id != self.client_id or hetu not in self.rights:
            return 404, b"{}"
        session, user = secrets.token_hex(16), secrets.token_hex(16)
        self.sessions[session] = user, hetu
        return 200, json.dumps({"sessionId": session, "userId": user}).encode()

    def choose(self, user: str, identifier: str, state: str) -> str:
        """Return where the browser goes when the person has chosen; an empty choice cancels."""
        answer = {"error": "access_denied"}
        if identifier:
            code = secrets.token_hex(16)
            self.codes[code] = user, identifier
            answer = {"code": code}
        return f"{self.redirect_uri}?{urlencode(answer | ({'state': state} if state else {}))}"

    def token(self, query: dict[str, str], authorization: str) -> Answer:
        """Exchange a code, once, for a token."""
        known = base64.b64encode(f"{self.client_id}:{self.oauth_secret}".encode()).decode()
        if authorization != f"Basic {known}":
            return 401, b'{"error": "invalid_client"}'
        chosen = self.codes.pop(query.get("code", ""), None)
        is_exact = query.get("redirect_uri") == self.redirect_uri
        if chosen is None or not is_exact or query.get("grant_type") != "authorization_code":
            return 400, b'{"error": "invalid_grant"}'
        token = secrets.token_hex(16)
        self.tokens[token] = chosen
        said = {"access_token": token, "token_type": "bearer", "expires_in": 599}
        return 200, json.dumps(said).encode()

    def roles(self, session: str, authorization: str) -> Answer:
        """Return the roles in the chosen organisation, if token and session are of one person."""
        user, identifier = self.tokens.get(authorization.removeprefix("Bearer "), ("", ""))
        known, hetu = self.sessions.get(session, ("", ""))
        if not user or user != known:
            return 403, b"{}"
        found = [one for one in self.rights[hetu] if one["identifier"] == identifier]
        return 200, json.dumps(found).encode()

    def page(self, query: dict[str, str]) -> Answer:
        """Return the page on which the person chooses."""
        expected = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
        }
        users = dict(self.sessions.values())
        user = query.get("user", "")
        if expected.items() - query.items() or user not in users:
            return 400, b"not as agreed"
        buttons = [
            f"<button name=identifier value='{escape(one['identifier'])}'>"
            f"{escape(one['name'])}</button>"
            for one in [*self.rights[users[user]], {"identifier": "", "name": "Cancel"}]
        ]
        kept = {"user": user, "state": query.get("state", "")}
        hidden = "".join(
            f"<input type=hidden name={name} value='{escape(value)}'>"
            for name, value in kept.items()
        )
        form = f"<form action=/choice>{hidden}{''.join(buttons)}</form>"
        page = f"<!doctype html><html lang=fi><title>Suomi.fi-valtuudet</title>{form}"
        return 200, page.encode()


def company(
    identifier: str, *roles: str, name: str = "Yritys Oy", complete: bool = True
) -> Organisation:
    """Return an organisation as the service tells of it."""
    return {"name": name, "identifier": identifier, "complete": complete, "roles": [*roles]}


class _Handler(BaseHTTPRequestHandler):
    """Answers over HTTP what the service says."""

    service: Valtuudet

    def do_GET(self) -> None:
        self.service.heard.append(self.path)
        path, query = self._asked()
        if path == "/oauth/authorize":
            self._say(self.service.page(query), kind="text/html; charset=utf-8")
        elif path == "/favicon.ico":
            self._say((200, b""))
        elif path == "/choice":
            self.send_response(302)
            to = self.service.choose(query["user"], query.get("identifier", ""), query["state"])
            self.send_header("Location", to)
            self.end_headers()
        else:
            self._say(self._signed(path, query))

    def do_POST(self) -> None:
        self.service.heard.append(self.path)
        path, query = self._asked()
        authorization = self.headers.get("Authorization", "")
        if path == "/oauth/token":
            answer = self.service.token(query, authorization)
            self._say(self.service.instead.get("token", answer))
        else:
            self._say((404, b""))

    def _asked(self) -> tuple[str, dict[str, str]]:
        parts = urlsplit(self.path)
        # An empty value is one, too: that of the button that cancels.
        values = parse_qs(parts.query, keep_blank_values=True)
        return parts.path, {name: found[-1] for name, found in values.items()}

    def _signed(self, path: str, query: dict[str, str]) -> Answer:
        header = self.headers.get("X-AsiointivaltuudetAuthorization", "")
        if not self.service.is_signed(self.path, header) or not query.get("requestId"):
            return 401, b"{}"
        steps = [unquote(one) for one in path.split("/")[1:]]
        if steps[:4] == ["service", "ypa", "user", "register"] and len(steps) == 6:
            return self.service.instead.get("register", self.service.register(*steps[4:]))
        if steps[:4] == ["service", "ypa", "api", "organizationRoles"] and len(steps) == 5:
            answer = self.service.roles(steps[4], self.headers.get("Authorization", ""))
            return self.service.instead.get("roles", answer)
        return 404, b""

    def _say(self, answer: Answer, *, kind: str = "application/json") -> None:
        self.send_response(answer[0])
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(service: Valtuudet) -> Iterator[Valtuudet]:
    """Serve it on a free port of the loopback."""
    handler = type("Handler", (_Handler,), {"service": service})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    service.base = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
