"""Pages under ``/<language>/customers/``, for suppliers with their customers' consent."""

from django.urls import path

from applications.views.supplier import desk, requests

app_name = "customers"

urlpatterns = [
    path("", desk.customers, name="customers"),
    path("requests/", requests.several, name="requests"),
    path("orders/", desk.orders, name="orders"),
    path("orders/orders.csv", desk.orders_csv, name="orders_csv"),
    path("certificates/", desk.certificate_list, name="certificates"),
    path("certificates/certificates.csv", desk.certificates_csv, name="certificates_csv"),
]
