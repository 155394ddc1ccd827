"""The endpoint for an OpenID Connect provider; 404 if we have no keys of our own."""

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from accounts.identification.identity import provider
from accounts.identification.oidc.client import OpenIdConnect

CACHED_SECONDS = 600


@require_GET
@cache_control(public=True, max_age=CACHED_SECONDS)
def key_set(request: HttpRequest) -> JsonResponse:
    """Publish the public part of our keys (RFC 7517 §5), for the provider's `jwks_uri` of us."""
    chosen = provider()
    if not isinstance(chosen, OpenIdConnect) or chosen.keys is None:
        raise Http404
    return JsonResponse(chosen.keys.public(), content_type="application/jwk-set+json")
