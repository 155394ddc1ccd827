"""An identity provider over pysaml2 and xmlsec1, run as a process of its own.

`python -m tests.accounts.saml.idp DIRECTORY PORT`: the directory holds `idp.crt`, `idp.key`,
`sp.crt` (whom assertions are encrypted for) and `sp.xml`, our metadata. A person presses a button;
`bend` on the address names what is wrong with the answer (see bends.py).
"""

import base64
import html
import http.server
import json
import sys
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_REDIRECT, saml
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.s_utils import sid
from saml2.saml import NAMEID_FORMAT_TRANSIENT, NameID
from saml2.server import Server
from saml2.sigver import pre_encryption_part, pre_signature_part

from tests.accounts.saml import bends, rewriting

GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
LEVEL = "http://ftn.ficora.fi/2017/loatest2"
EIDAS = "http://eidas.europa.eu/attributes/naturalperson/"
# More than we ask for: nothing of the rest may be kept.
PERSONS = {
    "matti": {
        "urn:oid:1.2.246.21": "010180-9015",
        "urn:oid:2.5.4.4": "Meikäläinen",
        f"{EIDAS}CurrentGivenName": "Matti Juhani",
        "urn:oid:2.5.4.3": "Meikäläinen Matti Juhani",
        "urn:oid:0.9.2342.19200300.100.1.3": "matti.kotona@example.com",
        "urn:oid:1.2.246.517.2002.2.4": "Salaisenpolku 7",
    },
    "erik": {
        f"{EIDAS}PersonIdentifier": "SE/FI/1985-0815-0001",
        f"{EIDAS}CurrentGivenName": "Erik",
        f"{EIDAS}CurrentFamilyName": "Eidas",
        f"{EIDAS}DateOfBirth": "1985-08-15",
    },
}
BUTTONS = "".join(f'<button name="person" value="{key}">{key}</button>' for key in [*PERSONS, ""])


def configuration(directory: Path, port: int) -> dict[str, Any]:
    base = f"http://127.0.0.1:{port}"
    return {
        "entityid": f"{base}/idp1",
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [(f"{base}/slo", BINDING_HTTP_REDIRECT)],
                },
                "name_id_format": [NAMEID_FORMAT_TRANSIENT],
                "want_authn_requests_signed": True,
                "policy": {"default": {"lifetime": {"minutes": 5}}},
            }
        },
        "key_file": str(directory / "idp.key"),
        "cert_file": str(directory / "idp.crt"),
        "metadata": {"local": [str(directory / "sp.xml")]}
        if (directory / "sp.xml").exists()
        else {},
        "signing_algorithm": RSA_SHA256,
        "digest_algorithm": SHA256,
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "delete_tmpfiles": True,
    }


def metadata(directory: Path, port: int) -> str:
    """Return the provider's metadata."""
    return str(entity_descriptor(IdPConfig().load(configuration(directory, port))))


class Provider:
    """The provider's knowledge: pysaml2's server, and the sessions it has opened."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.server = Server(config=IdPConfig().load(configuration(directory, port)))
        self.sp = self.server.metadata.service_providers()[0]
        self.sessions: list[dict[str, str]] = []
        self.heard: list[str] = []

    def asked(self, query: dict[str, str]) -> dict[str, Any]:
        """Return what a signed request asks; pysaml2 raises for one that is not."""
        request = self.server.parse_authn_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query["RelayState"],
            sigalg=query["SigAlg"],
            signature=query["Signature"],
        ).message
        wanted = request.requested_authn_context
        return {
            "id": request.id,
            "answer_to": request.assertion_consumer_service_url,
            "force": request.force_authn == "true",
            "levels": [one.text for one in wanted.authn_context_class_ref],
            "name_id": request.name_id_policy.format,
            "binding": request.protocol_binding,
            "locale": query.get("locale"),
            "last": list(query)[-1],
        }

    def answer(self, asked: dict[str, Any], person: str, bend: str) -> str:
        """Return the encoded answer for this person, bent as named."""
        if not person:
            return self._encode(self.refusal(asked))
        session = {"name_id": sid(), "index": sid(), "person": person}
        self.sessions.append(session)
        twist = (bends.BENDS | bends.ODD).get(bend, bends.Bend())
        response = self._response(asked, session, twist)
        xml = self._sign(response) if twist.signed else str(response)
        xml = twist.after(xml)
        return self._encode(twist.outside(self._encrypt(xml, twist) if twist.encrypted else xml))

    def refusal(self, asked: dict[str, Any]) -> str:
        info = ("urn:oasis:names:tc:SAML:2.0:status:AuthnFailed", "turned back")
        return str(self.server.create_error_response(asked["id"], asked["answer_to"], info=info))

    def _response(self, asked: dict[str, Any], session: dict[str, str], twist: bends.Bend) -> Any:
        name_id = NameID(
            format=NAMEID_FORMAT_TRANSIENT, text=session["name_id"], sp_name_qualifier=self.sp
        )
        response = self.server.create_authn_response(
            identity={},
            in_response_to=asked["id"],
            destination=asked["answer_to"],
            sp_entity_id=self.sp,
            name_id=name_id,
            authn={"class_ref": LEVEL},
            sign_response=False,
            sign_assertion=False,
            encrypt_assertion=False,
        )
        assertion = response.assertion
        assertion.authn_statement[0].session_index = session["index"]
        assertion.attribute_statement = [
            saml.AttributeStatement(attribute=attributes(PERSONS[session["person"]]))
        ]
        twist.before(response)
        return response

    def _sign(self, response: Any) -> str:
        assertion = response.assertion
        assertion.signature = pre_signature_part(
            assertion.id, self.server.sec.my_cert, 1, sign_alg=RSA_SHA256, digest_alg=SHA256
        )
        name = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
        return str(self.server.sec.sign_statement(str(response), name, node_id=assertion.id))

    def _encrypt(self, xml: str, twist: bends.Bend) -> str:
        """Put the first assertion into an EncryptedAssertion, with xmlsec1."""
        wrapped = rewriting.wrap_assertion(xml)
        template = pre_encryption_part(msg_enc=twist.cipher or GCM)
        certificate = str(self.directory / "sp.crt")
        return str(
            self.server.sec.crypto.encrypt_assertion(
                wrapped, certificate, template, key_type=twist.key_type
            )
        )

    def _encode(self, xml: str) -> str:
        return base64.b64encode(xml.encode()).decode()

    def end(self, number: int, bend: str) -> str:
        """Return the address at which the service is asked to end a session of ours."""
        session = self.sessions[number]
        to = self.server.metadata.single_logout_service(self.sp, BINDING_HTTP_REDIRECT, "spsso")[0][
            "location"
        ]
        name_id = NameID(format=NAMEID_FORMAT_TRANSIENT, text=session["name_id"])
        _id, request = self.server.create_logout_request(
            to, self.sp, name_id=name_id, session_indexes=[session["index"]], sign=False
        )
        if bend == "issuer":
            request.issuer.text = "https://evil.example"
        if bend == "destination":
            request.destination = "https://evil.example/"
        request.not_on_or_after = {"over": bends.at(-10), "endless": bends.LAST}.get(bend)
        url = self._redirect(request, to, "end", response=False, sign=bend != "unsigned")
        return url.replace("RelayState=end", "RelayState=another") if bend == "tampered" else url

    def hear_logout(self, query: dict[str, str]) -> str:
        """Judge the service's signed logout request and return where the answer is brought."""
        request = self.server.parse_logout_request(
            query["SAMLRequest"],
            BINDING_HTTP_REDIRECT,
            relay_state=query.get("RelayState"),
            sigalg=query["SigAlg"],
            signature=query["Signature"],
        ).message
        self.heard.append(f"{request.name_id.text} {request.session_index[0].text}")
        response = self.server.create_logout_response(request, [BINDING_HTTP_REDIRECT], sign=False)
        to = self.server.metadata.single_logout_service(self.sp, BINDING_HTTP_REDIRECT, "spsso")[0][
            "location"
        ]
        return self._redirect(response, to, "", response=True)

    def hear_answer(self, query: dict[str, str]) -> str:
        """Judge the service's answer to our own logout request."""
        self.heard.append(f"answered {query['RelayState']} {'Signature' in query}")
        answer = self.server.parse_logout_request_response(
            query["SAMLResponse"], BINDING_HTTP_REDIRECT
        )
        return str(answer.response.status.status_code.value)

    def _redirect(
        self, message: Any, to: str, relay: str, *, response: bool, sign: bool = True
    ) -> str:
        info = self.server.apply_binding(
            BINDING_HTTP_REDIRECT,
            str(message),
            to,
            relay,
            response=response,
            sign=sign,
            sigalg=RSA_SHA256,
        )
        return str(dict(info["headers"])["Location"])


def attributes(values: dict[str, str]) -> list[saml.Attribute]:
    uri = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
    return [
        saml.Attribute(
            name=name, name_format=uri, attribute_value=[saml.AttributeValue(text=value)]
        )
        for name, value in values.items()
    ]


class Handler(http.server.BaseHTTPRequestHandler):
    """The provider's pages."""

    provider: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        provider = self.provider
        if parts.path == "/sso":
            asked = provider.asked(query) | {"state": query["RelayState"]}
            self.page(asked)
        elif parts.path == "/slo" and "SAMLRequest" in query:
            self.redirect(provider.hear_logout(query))
        elif parts.path == "/slo":
            self.say(f"<h1>ended</h1><p>{html.escape(provider.hear_answer(query))}</p>")
        elif parts.path == "/end":
            self.redirect(provider.end(int(query.get("number", -1)), query.get("bend", "")))
        else:
            self.say(json.dumps({"sessions": provider.sessions, "heard": provider.heard}))

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
        posted = {name: values[0] for name, values in form.items()}
        asked = json.loads(posted["asked"])
        cookie = SimpleCookie(self.headers.get("Cookie", ""))
        bend = posted.get("bend") or (cookie["bend"].value if "bend" in cookie else "")
        answer = self.provider.answer(asked, posted.get("person", ""), bend)
        self.say(
            f'<form method="post" action="{html.escape(asked["answer_to"])}">'
            f'<input type="hidden" name="SAMLResponse" value="{answer}">'
            f'<input type="hidden" name="RelayState" value="{html.escape(asked["state"])}">'
            f"<button>Continue</button></form><script>document.forms[0].submit()</script>"
        )

    def page(self, asked: dict[str, Any]) -> None:
        value = html.escape(json.dumps(asked), quote=True)
        language = html.escape(asked["locale"] or "")
        self.say(
            f'<html lang="{language}"><form method="post" action="/answer">'
            f'<input type="hidden" name="asked" value="{value}">{BUTTONS}</form></html>'
        )

    def redirect(self, to: str) -> None:
        self.send_response(302)
        self.send_header("Location", to)
        self.end_headers()

    def say(self, body: str) -> None:
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        sys.stderr.write(f"{self.command} {urlsplit(self.path).path}\n")


def serve(directory: Path, port: int) -> None:
    Handler.provider = Provider(directory, port)
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
