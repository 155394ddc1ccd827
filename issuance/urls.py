"""Addresses of the public repository; they stand in certificates, so they have no language."""

from django.urls import path

from issuance import pages, views

app_name = "issuance"
urlpatterns = [
    path("crl/<slug:stem>.crl", views.machines, name="crl"),
    path("ca/", pages.policy, name="policy"),
    path("ca/<slug:stem>.crt", views.machines, name="ca_certificate"),
    path("ca/<slug:stem>.pem", views.machines, name="ca_chain"),
    path("ca/<slug:stem>.p7c", views.machines, name="ca_bundle"),
]
