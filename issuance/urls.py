"""URLs of the public repository. They are written into certificates: no language prefix."""

from django.urls import path

from issuance.views import authorities, files

app_name = "issuance"
urlpatterns = [
    path("crl/<slug:stem>.crl", files.machines, name="crl"),
    path("ca/", authorities.policy, name="policy"),
    path("ca/<slug:stem>.crt", files.machines, name="ca_certificate"),
    path("ca/<slug:stem>.pem", files.machines, name="ca_chain"),
    path("ca/<slug:stem>.p7c", files.machines, name="ca_bundle"),
    path("ca/<slug:stem>.vkey", files.machines, name="log_key"),
    path("ca/<slug:stem>.vkeys", files.machines, name="log_keys"),
]
