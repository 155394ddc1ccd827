"""The public repository (CRLs, CA certificates) as Django views, so that pages link by name.

In production `issuance.publication.front` answers these addresses before Django; these views
return the same responses.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from issuance.publication import front


def machines(request: HttpRequest, **_: str) -> HttpResponse:
    """A CRL or a CA certificate, by the path of the request; 404 if there is none."""
    answered = front.answer(request.META)
    if answered is None:
        return HttpResponseNotFound(content_type="text/plain")
    response = HttpResponse(b"".join(answered.body), status=int(answered.status[:3]))
    del response["Content-Type"]
    for name, value in answered.headers:
        response[name] = value
    return response
