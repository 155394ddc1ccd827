"""Serves OCSP responses, CRLs and CA certificates to machines, in front of Django.

A small WSGI application that reads files written by the `ca` worker. It uses neither database nor
sessions, so it answers while these are down, and is fast.
"""

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from cryptography import x509
from cryptography.x509.ocsp import OCSPResponseStatus
from django.conf import settings
from django.utils.http import http_date

from certportal.foundation import clock
from issuance.authority import ocsp
from issuance.publication import ask_worker, ocsp_packs, repository

FRESH_FOR = 60
"""Seconds that a cache may keep a CRL or a response, so that a revocation is seen in minutes."""
LONGEST_REQUEST = ask_worker.LONGEST_REQUEST
MEDIA_TYPE = "application/ocsp-response"

# The limit is above any CA's stem and below the limit of file names.
_STEM = r"[-\w]{1,64}"
_OCSP = re.compile(rf"/ocsp/({_STEM})(?:/(.*))?", re.ASCII | re.DOTALL)
_FILE = re.compile(rf"/(?:crl/{_STEM}\.crl|ca/{_STEM}\.(?:crt|pem|p7c|vkeys?))", re.ASCII)
_BLOCK = 64 * 1024

_UNCACHED = [("Content-Type", MEDIA_TYPE), ("Cache-Control", "no-store")]

type Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: str
    headers: Headers
    body: Iterable[bytes] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A file type: the function from stem to path, media type, seconds a cache may keep it."""

    find: Callable[[str], Path]
    media_type: str
    max_age: int


KINDS = {
    # Media types: RFC 2585; for the certs-only message RFC 5280 section 4.2.2.1.
    ".crl": Kind(repository.crl_path, "application/pkix-crl", FRESH_FOR),
    ".crt": Kind(repository.certificate_path, "application/pkix-cert", 3600),
    ".pem": Kind(repository.chain_path, "application/x-pem-file", 3600),
    ".p7c": Kind(repository.bundle_path, "application/pkcs7-mime", 3600),
    ".vkey": Kind(repository.log_key_path, "text/plain; charset=utf-8", 3600),
    ".vkeys": Kind(repository.log_keys_path, "text/plain; charset=utf-8", FRESH_FOR),
}


class Front:
    """WSGI middleware: answers the addresses written into certificates, passes others on."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request: PEP 3333."""
        answered = answer(environ)
        if answered is None:
            return self._inner(environ, start_response)
        start_response(answered.status, answered.headers)
        return answered.body


def answer(environ: WSGIEnvironment) -> Answer | None:
    """The answer to a request for a status or a file; None for all other requests."""
    path: str = environ.get("PATH_INFO", "")
    if not path.startswith(("/ocsp/", "/crl/", "/ca/")):
        return None
    if match := _OCSP.fullmatch(path):
        return _status(environ, *match.groups())
    return _file(environ, Path(path)) if _FILE.fullmatch(path) else None


def _nothing(status: str, *headers: tuple[str, str]) -> Answer:
    """An error without a body: the clients are machines."""
    return Answer(status, [("Content-Type", "text/plain"), ("Content-Length", "0"), *headers])


def _content(
    environ: WSGIEnvironment, described: Headers, tag: str, modified: int, body: Iterable[bytes]
) -> Answer:
    """A 200 with the content, a 304, or headers only for HEAD: RFC 9110 sections 9.3, 13.

    ``described`` starts with the headers Content-Type and Content-Length; the rest is caching.
    """
    caching = [*described[2:], ("ETag", tag), ("Last-Modified", _date(modified))]
    if environ["REQUEST_METHOD"] != "POST" and _is_known(environ, tag):
        return Answer("304 Not Modified", caching)
    headers = [*described[:2], ("X-Content-Type-Options", "nosniff"), *caching]
    return Answer("200 OK", headers, () if environ["REQUEST_METHOD"] == "HEAD" else body)


def _is_known(environ: WSGIEnvironment, tag: str) -> bool:
    """Whether If-None-Match has the tag.

    If-Modified-Since is ignored: a date cannot distinguish a response signed before a revocation
    from a response signed after it in the same second.
    """
    tags: str = environ.get("HTTP_IF_NONE_MATCH", "")
    known = [each.strip().removeprefix("W/") for each in tags.split(",")]
    return tag in known or known == ["*"]


@lru_cache(maxsize=1024)
def _date(seconds: int) -> str:
    return http_date(seconds)


# ------------------------------------------------------------------ files


def _file(environ: WSGIEnvironment, asked: Path) -> Answer:
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return _nothing("405 Method Not Allowed", ("Allow", "GET, HEAD"))
    kind = KINDS[asked.suffix]
    try:
        file = kind.find(asked.stem).open("rb")
    except FileNotFoundError:
        return _nothing("404 Not Found")
    # Files are replaced, never changed in place, so these values identify a version.
    facts = os.fstat(file.fileno())
    tag = f'"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    described = [
        ("Content-Type", kind.media_type),
        ("Content-Length", str(facts.st_size)),
        ("Cache-Control", f"public, max-age={kind.max_age}"),
    ]
    body = environ.get("wsgi.file_wrapper", _blocks)(file, _BLOCK)
    answered = _content(environ, described, tag, int(facts.st_mtime), body)
    if answered.body is not body:
        file.close()
    return answered


def _blocks(file: IO[bytes], size: int) -> Iterator[bytes]:
    with file:
        while block := file.read(size):
            yield block


# ------------------------------------------------------------------ status


def _status(environ: WSGIEnvironment, stem: str, in_path: str | None) -> Answer:
    """The answer to an OCSP request over HTTP: RFC 6960 appendix A, RFC 5019 section 5.

    A faulty request gets an OCSP error response with HTTP status 200, since clients read no
    response with another status.
    """
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "HEAD", "POST"):
        return _nothing("405 Method Not Allowed", ("Allow", "GET, HEAD, POST"))
    names = _names(stem)
    if names is None:
        return _nothing("404 Not Found")
    answered = _answer_about(environ, stem, in_path, names)
    return replace(answered, body=()) if method == "HEAD" else answered


def _answer_about(
    environ: WSGIEnvironment, stem: str, in_path: str | None, names: ocsp.Names
) -> Answer:
    method = environ["REQUEST_METHOD"]
    try:
        request = _posted(environ) if method == "POST" else _decoded(in_path or "")
        asked = ocsp.read_request(request)
    except (ocsp.BadRequest, ValueError):
        return _uncached(ocsp.refuse(OCSPResponseStatus.MALFORMED_REQUEST))
    except ocsp.NotUnderstood:
        return _uncached(ocsp.refuse(OCSPResponseStatus.UNAUTHORIZED))
    if not all(map(names.are_meant_by, asked)):
        return _uncached(ocsp.refuse(OCSPResponseStatus.UNAUTHORIZED))
    if ahead := _signed_ahead(environ, stem, asked):
        return ahead
    # HEAD causes no signature; RFC 9110 section 9.3.2 allows leaving out the length of a body
    # that was not made.
    return Answer("200 OK", _UNCACHED) if method == "HEAD" else _on_demand(stem, request)


def _posted(environ: WSGIEnvironment) -> bytes:
    """The body; a body over the limit is truncated and thus fails to parse. Raises ValueError."""
    announced = environ.get("CONTENT_LENGTH") or "0"
    most = LONGEST_REQUEST if environ.get("wsgi.input_terminated") else max(0, int(announced))
    return bytes(environ["wsgi.input"].read(min(most, LONGEST_REQUEST)))


def _decoded(in_path: str) -> bytes:
    """The request (DER) from a path that the server has already unquoted. Raises ValueError.

    Some clients do not quote "+", and some omit the Base64 padding.
    """
    text = in_path[:LONGEST_REQUEST].replace(" ", "+").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _names(stem: str) -> ocsp.Names | None:
    """The CA ``stem``, read from its published certificate; None if there is none."""
    file = _certificate_file(stem, str(settings.PORTAL_DATA))
    try:
        facts = os.stat(file)
    except FileNotFoundError:
        return None
    return _names_in(file, facts.st_ino, facts.st_mtime_ns)


@lru_cache(maxsize=64)
def _certificate_file(stem: str, _data: str) -> str:
    return str(repository.certificate_path(stem))


@lru_cache(maxsize=64)
def _names_in(file: str, _inode: int, _mtime: int) -> ocsp.Names:
    return ocsp.Names(x509.load_der_x509_certificate(Path(file).read_bytes()))


def _signed_ahead(
    environ: WSGIEnvironment, stem: str, asked: tuple[ocsp.CertId, ...]
) -> Answer | None:
    """The answer signed in advance, with the headers of RFC 5019 section 6.2.

    None if there is none, if it has expired, or if the request is about several certificates.
    """
    first, *more = asked
    pack = ocsp_packs.find(stem, first.serial)
    found = pack.find(first.algorithm, first.serial) if pack and not more else None
    now = clock.now()
    if pack is None or found is None or now >= pack.next_update:
        return None
    fresh = min(FRESH_FOR, int((pack.next_update - now).total_seconds()))
    described = [
        ("Content-Type", MEDIA_TYPE),
        ("Content-Length", str(len(found.der))),
        ("Cache-Control", f"max-age={fresh}, public, no-transform, must-revalidate"),
        ("Expires", _date(int(now.timestamp()) + fresh)),
    ]
    signed_at = int(pack.this_update.timestamp())
    return _content(environ, described, f'"{found.sha256}"', signed_at, [found.der])


def _on_demand(stem: str, request: bytes) -> Answer:
    """The response that the `ca` worker signs for this request, or "try later"."""
    return _uncached(ask_worker.ask(stem, request) or ocsp.refuse(OCSPResponseStatus.TRY_LATER))


def _uncached(body: bytes) -> Answer:
    return Answer("200 OK", [*_UNCACHED, ("Content-Length", str(len(body)))], [body])
