"""URLs without a language prefix: the endpoints of identification, and the test provider."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import login, mandates, oidc_keys, saml

urlpatterns: list[URLPattern | URLResolver] = [
    path("identification/return", login.returned, name="identification-return"),
    path("identification/mandates", mandates.returned, name="mandates-return"),
    path("identification/oidc/jwks", oidc_keys.key_set, name="identification-oidc-keys"),
    path("identification/saml/metadata", saml.describe, name="identification-saml"),
    path("identification/saml/answer", saml.answer, name="identification-saml-answer"),
    path("identification/saml/logout", saml.single_logout, name="identification-saml-logout"),
]
if settings.PORTAL_ENV != "production":
    urlpatterns.append(path("testidp/", include("accounts.identification.testidp.urls")))
