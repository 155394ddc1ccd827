"""Pages under ``/<language>/contact-link/``, for holders of a link to an order."""

from django.urls import path

from applications.views.technical_contact import csr, landing, order

app_name = "contact"

urlpatterns = [
    path("<word:token>/", landing.landing, name="landing"),
    path("<word:token>/not-mine/", landing.not_mine, name="not_mine"),
    path("<word:token>/order/", order.order, name="order"),
    path("<word:token>/settings/<slug:tool>/", order.settings, name="settings"),
    path("<word:token>/csr/", csr.give, name="csr"),
    path("<word:token>/csr/<uuid:csr_id>/", csr.preview, name="preview"),
    path("<word:token>/install/", order.install, name="install"),
    path("<word:token>/install-sheet/", order.install_sheet, name="install_sheet"),
    path("<word:token>/in-use/", order.installed, name="installed"),
    path("<word:token>/files/<slug:kind>/", order.download, name="download"),
]
