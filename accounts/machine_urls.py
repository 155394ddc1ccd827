"""Addresses without a language: where identification returns to, and the test provider."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from accounts.views import login

urlpatterns: list[URLPattern | URLResolver] = [
    path("identification/return", login.returned, name="identification-return"),
]
if settings.PORTAL_ENV != "production":
    urlpatterns.append(path("testidp/", include("accounts.identification.testidp.urls")))
