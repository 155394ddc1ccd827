"""Pages under ``/<language>/orders/``, for those who may order for an organisation."""

from django.urls import path

from applications.views import (
    attachments,
    certificates,
    csr,
    drafting,
    ending,
    linking,
    orders,
    paper,
    revoking,
    starting,
    submitting,
    unit,
    units,
)

app_name = "applications"

urlpatterns = [
    path("new/", starting.new, name="new"),
    path("units/", units.units, name="units"),
    path("<uuid:application_id>/", orders.order, name="order"),
    path("<uuid:application_id>/part/<slug:section_id>/", drafting.part, name="part"),
    path(
        "<uuid:application_id>/attachments/<int:attachment_id>/",
        attachments.download,
        name="attachment",
    ),
    path(
        "<uuid:application_id>/attachments/<int:attachment_id>/remove/",
        attachments.remove,
        name="remove_attachment",
    ),
    path("<uuid:application_id>/names/", unit.spelling, name="names"),
    path("<uuid:application_id>/csr/", csr.give_later, name="give_csr"),
    path("<uuid:application_id>/csr/<uuid:csr_id>/", csr.preview, name="csr"),
    path("<uuid:application_id>/check/", submitting.check, name="check"),
    path("<uuid:application_id>/sent/", submitting.sent, name="sent"),
    path("<uuid:application_id>/receipts/<int:number>/", paper.receipt, name="receipt"),
    path("<uuid:application_id>/decision/", paper.decision, name="decision"),
    path("<uuid:application_id>/again/", starting.again, name="again"),
    path("<uuid:application_id>/withdraw/", ending.withdraw, name="withdraw"),
    path("<uuid:application_id>/discard/", ending.discard, name="discard"),
    path("<uuid:application_id>/information/", ending.add_information, name="add_information"),
    path("<uuid:application_id>/contact/", linking.rename, name="rename_contact"),
    path("<uuid:application_id>/contact/resend/", linking.resend, name="resend_link"),
    path("<uuid:application_id>/contact/revoke/", linking.revoke, name="revoke_link"),
    path("<uuid:application_id>/certificate/", certificates.certificate, name="certificate"),
    path("<uuid:application_id>/revoke/", revoking.revoke, name="revoke"),
    path("<uuid:application_id>/files/<slug:kind>/", certificates.download, name="download"),
]
