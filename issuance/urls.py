"""Addresses of the public repository; they stand in certificates, so they have no language."""

from django.urls import path

from issuance import pages, views

app_name = "issuance"
urlpatterns = [
    path("crl/<slug:stem>.crl", views.crl, name="crl"),
    path("ca/", pages.policy, name="policy"),
    path("ca/<slug:stem>.crt", views.certificate, name="ca_certificate"),
    path("ca/<slug:stem>.pem", views.chain, name="ca_chain"),
    path("ca/<slug:stem>.p7c", views.bundle, name="ca_bundle"),
]
