"""The public repository as Django's own addresses: pages link to them by name.

In service `issuance.front` answers before Django does; what it answers is handed out here too.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from issuance import front


def machines(request: HttpRequest, **_: str) -> HttpResponse:
    """A list or a CA certificate, by the address the URL table knows."""
    answered = front.answer(request.META)
    if answered is None:
        return HttpResponseNotFound(content_type="text/plain")
    response = HttpResponse(b"".join(answered.body), status=int(answered.status[:3]))
    del response["Content-Type"]
    for name, value in answered.headers:
        response[name] = value
    return response
