"""What machines fetch: status, revocation lists and CA certificates, in front of Django.

A small WSGI application that reads files the `ca` worker has written. It asks no database and no
session, so it answers while these are down, and costs little more than any fixed answer.
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
from issuance import asking, packs, repository
from issuance.authority import ocsp

FRESH_FOR = 60
"""Seconds that a cache may keep a list or a status: a revocation is seen within minutes."""
LONGEST_REQUEST = 10_000
MEDIA_TYPE = "application/ocsp-response"

# Longer than the name of any CA, and short enough to be the name of a file.
_STEM = r"[-\w]{1,64}"
_OCSP = re.compile(rf"/ocsp/({_STEM})(?:/(.*))?", re.ASCII | re.DOTALL)
_FILE = re.compile(rf"/(?:crl/{_STEM}\.crl|ca/{_STEM}\.(?:crt|pem|p7c))", re.ASCII)
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
    """One kind of file: where it lies, its media type, and the seconds a cache may keep it."""

    find: Callable[[str], Path]
    media_type: str
    max_age: int


KINDS = {
    # RFC 2585; a certs-only message: RFC 5280 section 4.2.2.1.
    ".crl": Kind(repository.crl_path, "application/pkix-crl", FRESH_FOR),
    ".crt": Kind(repository.certificate_path, "application/pkix-cert", 3600),
    ".pem": Kind(repository.chain_path, "application/x-pem-file", 3600),
    ".p7c": Kind(repository.bundle_path, "application/pkcs7-mime", 3600),
}


class Front:
    """Answers the addresses that stand in certificates, and hands all others on."""

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
    """The answer to a request for a status or a file; None to all others."""
    path: str = environ.get("PATH_INFO", "")
    if not path.startswith(("/ocsp/", "/crl/", "/ca/")):
        return None
    if match := _OCSP.fullmatch(path):
        return _status(environ, *match.groups())
    return _file(environ, Path(path)) if _FILE.fullmatch(path) else None


def _nothing(status: str, *headers: tuple[str, str]) -> Answer:
    """An answer to a machine that errs: no page."""
    return Answer(status, [("Content-Type", "text/plain"), ("Content-Length", "0"), *headers])


def _content(
    environ: WSGIEnvironment, described: Headers, tag: str, modified: int, body: Iterable[bytes]
) -> Answer:
    """The content, unless the client has it or wants headers only: RFC 9110 sections 9.3, 13.

    ``described`` are type and length, then what caches are told.
    """
    caching = [*described[2:], ("ETag", tag), ("Last-Modified", _date(modified))]
    if environ["REQUEST_METHOD"] != "POST" and _is_known(environ, tag):
        return Answer("304 Not Modified", caching)
    headers = [*described[:2], ("X-Content-Type-Options", "nosniff"), *caching]
    return Answer("200 OK", headers, () if environ["REQUEST_METHOD"] == "HEAD" else body)


def _is_known(environ: WSGIEnvironment, tag: str) -> bool:
    """Whether the client has it by its tag. Dates tell nothing: they do not tell what was signed
    before a revocation from what was signed after it in the same second.
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
    # A file is replaced whole by another, so these tell one version from the next.
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
    """One OCSP answer over HTTP: RFC 6960 appendix A, RFC 5019 section 5.

    What is wrong with a request is said in OCSP, with HTTP's 200: clients look no further.
    """
    method = environ["REQUEST_METHOD"]
    if method not in ("GET", "HEAD", "POST"):
        return _nothing("405 Method Not Allowed", ("Allow", "GET, HEAD, POST"))
    names = _names(stem)
    if names is None:
        return _nothing("404 Not Found")
    told = _told(environ, stem, in_path, names)
    return replace(told, body=()) if method == "HEAD" else told


def _told(environ: WSGIEnvironment, stem: str, in_path: str | None, names: ocsp.Names) -> Answer:
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
    # Nothing is signed for who wants no more than headers; RFC 9110 section 9.3.2 lets the length
    # of what is not made be left out.
    return Answer("200 OK", _UNCACHED) if method == "HEAD" else _on_demand(stem, request)


def _posted(environ: WSGIEnvironment) -> bytes:
    """The body; one that is too long is cut, and so malformed."""
    announced = environ.get("CONTENT_LENGTH") or "0"
    most = LONGEST_REQUEST if environ.get("wsgi.input_terminated") else max(0, int(announced))
    body: bytes = environ["wsgi.input"].read(min(most, LONGEST_REQUEST))
    return body


def _decoded(in_path: str) -> bytes:
    """The request in a path, which the server has unquoted. Some clients leave "+" unquoted, and
    some leave out the padding. Raises ValueError.
    """
    text = in_path[:LONGEST_REQUEST].replace(" ", "+").rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _names(stem: str) -> ocsp.Names | None:
    """The CA by its published certificate; None if there is none of that name."""
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
    """The answer in a pack, with the headers of RFC 5019 section 6.2; none that has ended."""
    one, *more = asked
    pack = packs.find(stem, one.serial)
    found = pack.find(one.algorithm, one.serial) if pack and not more else None
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
    """What the `ca` worker signs for this one request, or that nobody can just now."""
    signed = asking.ask(stem, request)
    return _uncached(signed or ocsp.refuse(OCSPResponseStatus.TRY_LATER))


def _uncached(body: bytes) -> Answer:
    return Answer("200 OK", [*_UNCACHED, ("Content-Length", str(len(body)))], [body])
