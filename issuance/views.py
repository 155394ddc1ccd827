"""The public repository: CA certificates, chains and revocation lists, without login."""

from collections.abc import Callable
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponseNotFound
from django.views.decorators.http import require_safe

from issuance import repository

type Reply = FileResponse | HttpResponseNotFound


def _serve(find: Callable[[str], Path], content_type: str, max_age: int, stem: str) -> Reply:
    """Serve a file of the repository; a machine that asks for another gets a bare 404.

    Nothing here touches the database, so lists are served while it is down.
    """
    path = find(stem)
    try:
        response = FileResponse(path.open("rb"), content_type=content_type)
    except FileNotFoundError:
        return HttpResponseNotFound(content_type="text/plain")
    response["Cache-Control"] = f"public, max-age={max_age}"
    return response


@require_safe
def crl(request: HttpRequest, stem: str) -> Reply:
    """The revocation list, DER: RFC 5280 section 4.2.1.13, RFC 2585."""
    return _serve(repository.crl_path, "application/pkix-crl", 60, stem)


@require_safe
def certificate(request: HttpRequest, stem: str) -> Reply:
    """The CA's certificate, DER: RFC 2585."""
    return _serve(repository.certificate_path, "application/pkix-cert", 3600, stem)


@require_safe
def chain(request: HttpRequest, stem: str) -> Reply:
    """The CA's certificate and those above it, PEM."""
    return _serve(repository.chain_path, "application/x-pem-file", 3600, stem)
