"""Addresses of the test provider, under ``/testidp/``."""

from django.urls import path

from accounts.identification.testidp import views

app_name = "testidp"

urlpatterns = [
    path("", views.discovery, name="root"),
    path(".well-known/openid-configuration", views.discovery, name="discovery"),
    path("jwks", views.jwks, name="jwks"),
    path("authorize", views.authorize, name="authorize"),
    path("token", views.token, name="token"),
]
