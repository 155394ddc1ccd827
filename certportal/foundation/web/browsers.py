"""Security headers of every response, and protection against requests forged by other sites."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import get_callable
from django.utils.http import url_has_allowed_host_and_scheme

from certportal.foundation.web.queries import without_key

log = structlog.get_logger(__name__)

type View = Callable[..., HttpResponseBase]
type Next = Callable[[HttpRequest], HttpResponse]

SAFE = {"GET", "HEAD", "OPTIONS"}
# Browser features that our pages use: passkeys, and copying text at the press of a button.
ASKED = ("publickey-credentials-get", "publickey-credentials-create", "clipboard-write")
NEVER_ASKED = (
    *["accelerometer", "autoplay"],
    *["browsing-topics", "camera", "clipboard-read", "display-capture", "encrypted-media"],
    *["fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts"],
    *["magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock"],
    *["serial", "storage-access", "sync-xhr", "usb", "window-management"],
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join(
    [*(f"{feature}=(self)" for feature in ASKED), *(f"{feature}=()" for feature in NEVER_ASKED)]
)


class PolicyHeaders:
    """Adds headers that Django does not set; outermost, so that static files have them too.

    Permissions-Policy (W3C): pages and frames in them may use only the features in `ASKED`.
    Cross-Origin-Resource-Policy (Fetch, 3.7): other sites may not embed our resources.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class OwnPagesOnly:
    """Refuses cross-site requests that change something, in addition to Django's CSRF token.

    Browsers send their origin (Fetch Metadata, 2.3; older ones the Origin header). Other programs
    send neither and pass, since they do not carry a victim's cookies. So public forms need no CSRF
    token and no cookie, and elsewhere a leaked token is not enough.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the check is in ``process_view``, where the view is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Respond with 403 to an unsafe request from another site."""
        if request.method in SAFE or getattr(view, "from_other_sites", False):
            return None
        if not comes_from_elsewhere(request):
            return None
        log.warning("sent_from_elsewhere", path=request.path)
        refusal: HttpResponse = get_callable(settings.CSRF_FAILURE_VIEW)(request)
        return refusal


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the request's headers say that a page of another origin made it."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc != request.get_host()


def comes_from_our_page(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this origin made the request.

    No page can set or change these headers itself (Fetch, "forbidden request-header").
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def came_from(request: HttpRequest) -> str:
    """Return the URL of the referring page if it belongs to this service, else empty."""
    referer = request.headers.get("Referer", "")
    host = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(referer, host, require_https=request.is_secure())
    return without_key(referer) if safe else ""


def from_other_sites(view: View) -> View:
    """Mark a view that accepts cross-site requests, which it authenticates by other means."""
    view.from_other_sites = True  # type: ignore[attr-defined]
    return view
