"""Asking the front for the status of a certificate, right in this process."""

import base64
import io
from typing import Any

from cryptography.x509 import ocsp as library

from issuance.models import Certificate
from issuance.publication import front
from tests.issuance.status.requests import request

STEM = "sote-ec-1"
type Response = library.OCSPResponse


def number(certificate: Certificate) -> int:
    return int(certificate.serial, 16)


def ask(data: bytes, stem: str = STEM, method: str = "POST", **more: Any) -> front.Answer:
    """Ask as a client does, right in this process."""
    environ = {"REQUEST_METHOD": method, "PATH_INFO": f"/ocsp/{stem}", **more}
    if method == "POST":
        environ |= {"CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data)}
    else:
        environ["PATH_INFO"] += "/" + base64.b64encode(data).decode()
    answered = front.answer(environ)
    assert answered is not None
    return answered


def said(answered: front.Answer) -> Response:
    return library.load_der_ocsp_response(b"".join(answered.body))


def status_of(certificate: Certificate, algorithm: str = "sha1") -> Response:
    ca = certificate.issuing_ca
    return said(ask(request(ca.certificate, number(certificate), algorithm), ca.stem))


def headers(answered: front.Answer) -> dict[str, str]:
    return dict(answered.headers)
