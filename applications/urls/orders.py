"""Pages under ``/<language>/orders/``, for those who may order for an organisation."""

from django.urls import include, path

from applications.views.account import (
    certificates,
    contact_link,
    domains,
    event_receipts,
    in_use,
    order,
    orders,
    papers,
    revoke,
)
from applications.views.bulk import begin, renew, together
from applications.views.order import (
    answer_documents,
    answer_hearing,
    attachments,
    csr,
    parts,
    return_names,
    start,
    submit,
    unit,
    units,
    withdraw,
)

app_name = "applications"

OF_AN_ORDER = [
    path("", order.order, name="order"),
    path("part/<slug:section_id>/", parts.part, name="part"),
    path("attachments/<key:attachment_id>/", attachments.download, name="attachment"),
    path("attachments/<key:attachment_id>/remove/", attachments.remove, name="remove_attachment"),
    path("answer-hearing/", answer_hearing.answer_hearing, name="answer_hearing"),
    path("answer-documents/", answer_documents.give, name="answer_documents"),
    path("names/", unit.spelling, name="names"),
    path("csr/", csr.give_later, name="give_csr"),
    path("csr/<uuid:csr_id>/", csr.preview, name="csr"),
    path("check/", submit.check, name="check"),
    path("return-names/", return_names.return_names, name="return_names"),
    path("sent/", submit.sent, name="sent"),
    path("receipts/<key:number>/", papers.receipt, name="receipt"),
    path("events/<key:event_id>/", event_receipts.event_receipt, name="event_receipt"),
    path("life.zip", event_receipts.life, name="life"),
    path("decision/", papers.decision, name="decision"),
    path("revocation-notice/", papers.revocation_notice, name="revocation_notice"),
    path("install-sheet/", papers.install_sheet, name="install_sheet"),
    path("again/", start.again, name="again"),
    path("withdraw/", withdraw.withdraw, name="withdraw"),
    path("discard/", withdraw.discard, name="discard"),
    path("information/", withdraw.add_information, name="add_information"),
    path("contact/", contact_link.rename, name="rename_contact"),
    path("contact/resend/", contact_link.resend, name="resend_link"),
    path("contact/revoke/", contact_link.revoke, name="revoke_link"),
    path("certificate/", certificates.certificate, name="certificate"),
    path("install/", certificates.install, name="install"),
    path("in-use/", in_use.installed, name="installed"),
    path("renewing/", in_use.renewing, name="renewing"),
    path("revoke/", revoke.revoke, name="revoke"),
    path("files/<slug:kind>/", certificates.download, name="download"),
]
urlpatterns = [
    path("", orders.listing, name="orders"),
    path("orders.csv", orders.listing_csv, name="orders_csv"),
    path("new/", start.new, name="new"),
    path("renew/", renew.renew_together, name="renew_together"),
    path("many/", begin.choose_type, name="order_many_type"),
    path("many/<slug:type>/", begin.order_many, name="order_many"),
    path("many/<slug:type>/template.csv", begin.template_csv, name="order_many_template"),
    path("together/<uuid:bulk_order_id>/", together.bulk_order, name="bulk_order"),
    path("together/<uuid:bulk_order_id>/orders.csv", together.bulk_order_csv, name="bulk_csv"),
    path(
        "together/<uuid:bulk_order_id>/discard/", together.discard_together, name="discard_together"
    ),
    path("together/<uuid:bulk_order_id>/check/", together.check_together, name="check_together"),
    path("units/", units.units, name="units"),
    path("domains/", domains.domains, name="domains"),
    path("domains/<key:domain_id>/forget/", domains.forget, name="forget_domain"),
    path("<uuid:application_id>/", include(OF_AN_ORDER)),
]
