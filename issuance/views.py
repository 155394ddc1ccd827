"""The public repository: CA certificates, chains and revocation lists, without login."""

import os
from collections.abc import Callable
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotFound
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from issuance import repository


def _serve(
    request: HttpRequest, find: Callable[[str], Path], content_type: str, max_age: int, stem: str
) -> HttpResponseBase:
    """Serve a file of the repository; a machine that asks for another gets a bare 404.

    Nothing here touches the database, so lists are served while it is down. A file is replaced
    whole by another, so its number (inode), time and size tell one version from the next.
    """
    try:
        file = find(stem).open("rb")
    except FileNotFoundError:
        return HttpResponseNotFound(content_type="text/plain")
    facts = os.fstat(file.fileno())
    response = FileResponse(file, content_type=content_type)
    response["Cache-Control"] = f"public, max-age={max_age}"
    response["ETag"] = f'"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    response["Last-Modified"] = http_date(facts.st_mtime)
    modified = int(facts.st_mtime)
    return get_conditional_response(request, response["ETag"], modified, response)  # type: ignore[arg-type, return-value]


@require_safe
def crl(request: HttpRequest, stem: str) -> HttpResponseBase:
    """The revocation list, DER: RFC 5280 section 4.2.1.13, RFC 2585."""
    return _serve(request, repository.crl_path, "application/pkix-crl", 60, stem)


@require_safe
def certificate(request: HttpRequest, stem: str) -> HttpResponseBase:
    """The CA's certificate, DER: RFC 2585."""
    return _serve(request, repository.certificate_path, "application/pkix-cert", 3600, stem)


@require_safe
def chain(request: HttpRequest, stem: str) -> HttpResponseBase:
    """The CA's certificate and those above it, PEM."""
    return _serve(request, repository.chain_path, "application/x-pem-file", 3600, stem)


@require_safe
def bundle(request: HttpRequest, stem: str) -> HttpResponseBase:
    """The CA's certificate and those above it, a certs-only message: RFC 5280 section 4.2.2.1."""
    return _serve(request, repository.bundle_path, "application/pkcs7-mime", 3600, stem)
