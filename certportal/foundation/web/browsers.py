"""What browsers are told with every answer, and forms that other sites may not send here."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.csrf import csrf_failure

log = structlog.get_logger(__name__)

type View = Callable[..., HttpResponseBase]
type Next = Callable[[HttpRequest], HttpResponse]

SAFE = {"GET", "HEAD", "OPTIONS"}
# What a page of this service may ask of the device: passkeys, and copying text on a button's press.
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
    [*(f"{one}=(self)" for one in ASKED), *(f"{one}=()" for one in NEVER_ASKED)]
)


class PolicyHeaders:
    """Adds the headers that Django does not know; stands outermost, so files carry them too.

    Permissions-Policy (W3C): no page, and no page framed in it, may use a device's parts.
    Cross-Origin-Resource-Policy (Fetch, 3.7): no other site may embed what is served here.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and add them."""
        response = self.get_response(request)
        response["Permissions-Policy"] = PERMISSIONS
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class OwnPagesOnly:
    """Refuses what a page of another site sends, besides the token that Django asks for.

    Browsers tell who sends (Fetch Metadata, 2.3; before that, Origin), programs tell nothing and
    pass: they have no cookie of somebody else's. So forms that are open to everybody need no
    token and thereby no cookie, and a token that leaks is not enough for the others.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; the view is known only in ``process_view``."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Answer 403 to a request that changes something and comes from elsewhere."""
        if request.method in SAFE or getattr(view, "from_other_sites", False):
            return None
        if not comes_from_elsewhere(request):
            return None
        log.warning("sent_from_elsewhere", path=request.path)
        return csrf_failure(request, reason="another site")


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that a page of another origin made the request."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc != request.get_host()


def came_from(request: HttpRequest) -> str:
    """The page of this service that led here, or empty."""
    referer = request.headers.get("Referer", "")
    host = {request.get_host()}
    safe = url_has_allowed_host_and_scheme(referer, host, require_https=request.is_secure())
    return referer if safe else ""


def from_other_sites(view: View) -> View:
    """Mark a view whose requests come from another site's page, and prove themselves otherwise."""
    view.from_other_sites = True  # type: ignore[attr-defined]
    return view
