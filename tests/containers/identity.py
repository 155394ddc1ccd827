"""An OpenID provider over https, as a broker of the Finnish Trust Network is one: in a container.

The embedded test provider does not exist in production, whose settings these tests use. The people
here are identified by eIDAS, since personal identity codes of nobody are refused there.
"""

import base64
import hashlib
import json
import os
import secrets
import ssl
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER = "https://tunnistus.example.fi:8443"
PEOPLE = ["Matti Meikäläinen", "Riitta Ratkaisija", "Raimo Ratkaisija"]
EIDAS = "http://eidas.europa.eu/attributes/naturalperson/"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
CODES: dict[str, tuple[str, dict[str, str]]] = {}
CONFIGURATION = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}


def secret() -> str:
    """Return the secret that the service and this provider share."""
    return Path(os.environ["CLIENT_SECRET_FILE"]).read_text().strip()


def id_token(person: str, asked: dict[str, str]) -> str:
    """Return a signed statement that this is the person, identified a moment ago."""
    now, (given, _space, family) = int(time.time()), person.partition(" ")
    said = {
        "iss": ISSUER,
        "aud": asked["client_id"],
        "sub": person,
        "iat": now,
        "exp": now + 300,
        "auth_time": now,
        "nonce": asked["nonce"],
        "acr": "http://eidas.europa.eu/LoA/substantial",
        f"{EIDAS}PersonIdentifier": f"SE/FI/{hashlib.sha256(person.encode()).hexdigest()[:12]}",
        f"{EIDAS}CurrentGivenName": given,
        f"{EIDAS}CurrentFamilyName": family,
    }
    return jwt.encode({"alg": "RS256", "kid": "one"}, said, KEY)


class Provider(BaseHTTPRequestHandler):
    """Configuration, keys, the page to choose a person, and the token."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/authorize":
            buttons = [f'<button name="person" value="{one}">{one}</button>' for one in PEOPLE]
            self._answer("text/html", f'<form method="post">{"".join(buttons)}</form>')
        elif path == "/jwks":
            self._json({"keys": [KEY.as_dict(private=False)]})
        else:
            self._json(CONFIGURATION)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        posted = {name: values[0] for name, values in parse_qs(body).items()}
        self._token(posted) if self.path == "/token" else self._chosen(posted["person"])

    def _chosen(self, person: str) -> None:
        query = parse_qs(urlsplit(self.path).query)
        asked = {name: values[0] for name, values in query.items()}
        code = secrets.token_urlsafe()
        CODES[code] = (person, asked)
        back = urlencode({"code": code, "state": asked["state"]})
        self.send_response(303)
        self.send_header("Location", f"{asked['redirect_uri']}?{back}")
        self.end_headers()

    def _token(self, posted: dict[str, str]) -> None:
        person, asked = CODES.pop(posted["code"])
        digest = hashlib.sha256(posted["code_verifier"].encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        # Both are form-encoded first: RFC 6749 section 2.3.1.
        pair = f"{quote_plus(asked['client_id'])}:{quote_plus(secret())}".encode()
        client = base64.b64encode(pair).decode()
        if proven and self.headers["Authorization"] == f"Basic {client}":
            self._json({"token_type": "Bearer", "id_token": id_token(person, asked)})
        else:
            self.send_error(401)

    def _json(self, content: object) -> None:
        self._answer("application/json", json.dumps(content))

    def _answer(self, kind: str, content: str) -> None:
        body = content.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("0.0.0.0", 8443), Provider)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain("/tls/certificate.pem", "/tls/key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
