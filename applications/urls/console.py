"""Pages under ``/<language>/console/``, for reviewers only."""

from django.urls import path

from applications.views.console import (
    acting,
    administrators,
    asking,
    attachments,
    case,
    deciding,
    names,
    queue,
    record,
    registering,
    replacing,
    revoking,
    rights,
    runs,
    succession,
    undelivered,
)

app_name = "console"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("queue.csv", queue.queue_csv, name="queue_csv"),
    path("next/", queue.next_case, name="next"),
    path("register/", registering.tasks, name="register"),
    path("register/<int:task_id>/", registering.task, name="register_task"),
    path("register/succession/", succession.succession, name="succession"),
    path("register/runs/", runs.runs, name="register_runs"),
    path("register/runs/<int:run_id>/", runs.run, name="register_run"),
    path("register/units/<slug:record_kind>/<str:oid>/", record.record, name="record"),
    path("replacements/", replacing.plans, name="replacements"),
    path("replacements/<int:plan_id>/", replacing.plan, name="replacement"),
    path(
        "replacements/<int:plan_id>/<int:certificate_id>/",
        replacing.one,
        name="replacement_certificate",
    ),
    path("undelivered/", undelivered.undelivered, name="undelivered"),
    path("undelivered/<uuid:item_id>/", undelivered.settle, name="undelivered_one"),
    path("administrators/", administrators.requests, name="administrators"),
    path("administrators/<int:asking_id>/", administrators.one, name="administrator"),
    path("rights/<int:document_id>/", rights.document, name="right_document"),
    path("rights/<int:document_id>/page/", rights.inline, name="right_document_page"),
    path("<uuid:application_id>/", case.case, name="case"),
    path("<uuid:application_id>/claim/", acting.claim, name="claim"),
    path("<uuid:application_id>/release/", acting.release, name="release"),
    path("<uuid:application_id>/evidence/<int:host_id>/", names.evidence, name="evidence"),
    path(
        "<uuid:application_id>/attachments/<int:attachment_id>/",
        attachments.download,
        name="attachment",
    ),
    path(
        "<uuid:application_id>/attachments/<int:attachment_id>/page/",
        attachments.inline,
        name="attachment_page",
    ),
    path("<uuid:application_id>/names/", names.choose, name="names"),
    path("<uuid:application_id>/right/", rights.confirm, name="right"),
    path("<uuid:application_id>/ask/", asking.ask, name="ask"),
    path("<uuid:application_id>/extend/", asking.extend, name="extend"),
    path("<uuid:application_id>/cancel-request/", acting.cancel_request, name="cancel_request"),
    path("<uuid:application_id>/approve/", deciding.approve, name="approve"),
    path("<uuid:application_id>/reject/", deciding.reject, name="reject"),
    path("<uuid:application_id>/reopen/", deciding.reopen, name="reopen"),
    path("<uuid:application_id>/revoke/", revoking.revoke, name="revoke"),
    path("<uuid:application_id>/revocation/", revoking.confirm, name="revocation"),
    path("<uuid:application_id>/revocation/decline/", revoking.decline, name="decline_revocation"),
    path(
        "<uuid:application_id>/revocation/withdraw/",
        revoking.withdraw,
        name="withdraw_revocation",
    ),
]
