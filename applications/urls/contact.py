"""Pages under ``/<language>/contact-link/``, for whoever holds a link to one order."""

from django.urls import path

from applications.views.technical_contact import csr, landing, order

app_name = "contact"

urlpatterns = [
    path("<str:token>/", landing.landing, name="landing"),
    path("<str:token>/not-mine/", landing.not_mine, name="not_mine"),
    path("<str:token>/order/", order.order, name="order"),
    path("<str:token>/settings/<slug:tool>/", order.settings, name="settings"),
    path("<str:token>/csr/", csr.give, name="csr"),
    path("<str:token>/csr/<uuid:csr_id>/", csr.preview, name="preview"),
    path("<str:token>/files/<slug:kind>/", order.download, name="download"),
]
