"""Pages under ``/<language>/technical/``, for technical members whom an order names."""

from django.urls import path

from applications.views.technical_contact import csr, order

app_name = "technical"

urlpatterns = [
    path("<uuid:application_id>/", order.order, name="order"),
    path("<uuid:application_id>/settings/<slug:tool>/", order.settings, name="settings"),
    path("<uuid:application_id>/csr/", csr.give, name="csr"),
    path("<uuid:application_id>/csr/<uuid:csr_id>/", csr.preview, name="preview"),
    path("<uuid:application_id>/install/", order.install, name="install"),
    path("<uuid:application_id>/install-sheet/", order.install_sheet, name="install_sheet"),
    path("<uuid:application_id>/in-use/", order.installed, name="installed"),
    path("<uuid:application_id>/renewing/", order.renewing, name="renewing"),
    path("<uuid:application_id>/files/<slug:kind>/", order.download, name="download"),
]
