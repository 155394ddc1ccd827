"""Pages under ``/<language>/console/``: for reviewers, and for auditors to read."""

from django.urls import path

from applications.views.console import (
    accounts,
    administrators,
    blocked_keys,
    ceremonies,
    loads,
    numbers,
    ready_reasons,
    replacements,
    undelivered,
    waivers,
)
from applications.views.console.case import (
    ask,
    attachments,
    buttons,
    case,
    decide,
    decision,
    holding,
    names,
    reject,
    revocation_report,
    revoke,
    rights,
)
from applications.views.console.case import (
    waivers as case_waivers,
)
from applications.views.console.events import events
from applications.views.console.queue import queue
from applications.views.console.register import changes, imports, record, succession

app_name = "console"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("queue.csv", queue.queue_csv, name="queue_csv"),
    path("take-next/", holding.take_next, name="take_next"),
    path("loads/", loads.loads, name="loads"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("numbers.csv", numbers.numbers_csv, name="numbers_csv"),
    path("register/", changes.tasks, name="register"),
    path("register/<int:task_id>/", changes.task, name="register_task"),
    path("register/succession/", succession.succession, name="succession"),
    path("register/runs/", imports.runs, name="register_runs"),
    path("register/runs/<int:run_id>/", imports.run, name="register_run"),
    path("register/units/<slug:record_kind>/<word:oid>/", record.record, name="record"),
    path("events/", events.events, name="events"),
    path("events.csv", events.events_csv, name="events_csv"),
    path("events.zip", events.events_zip, name="events_zip"),
    path("ceremonies/", ceremonies.ceremonies, name="ceremonies"),
    path("ceremonies/<int:record_id>/", ceremonies.paper, name="ceremony"),
    path("replacements/", replacements.plans, name="replacements"),
    path("replacements/<int:plan_id>/", replacements.plan, name="replacement"),
    path(
        "replacements/<int:plan_id>/<int:certificate_id>/",
        replacements.one,
        name="replacement_certificate",
    ),
    path("blocked-keys/", blocked_keys.certificates, name="blocked_keys"),
    path("undelivered/", undelivered.undelivered, name="undelivered"),
    path("undelivered/<uuid:item_id>/", undelivered.settle, name="undelivered_one"),
    path("reasons/", ready_reasons.library, name="ready_reasons"),
    path("reasons/new/", ready_reasons.new, name="new_ready_reason"),
    path("reasons/<int:reason_id>/", ready_reasons.one, name="ready_reason"),
    path("reasons/<int:reason_id>/end/", ready_reasons.end, name="end_ready_reason"),
    path("waivers/", waivers.waivers, name="waivers"),
    path("waivers/<int:waiver_id>/", waivers.waiver, name="waiver"),
    path("administrators/", administrators.requests, name="administrators"),
    path("administrators/<int:asking_id>/", administrators.one, name="administrator"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<uuid:organisation_id>/", accounts.account, name="account"),
    path("accounts/<uuid:organisation_id>/close/", accounts.close, name="close_account"),
    path("accounts/members/<int:membership_id>/confirm/", accounts.confirm, name="confirm_member"),
    path(
        "accounts/members/<int:membership_id>/withdraw/", accounts.withdraw, name="withdraw_right"
    ),
    path("accounts/members/<int:membership_id>/end/", accounts.end, name="end_membership"),
    path("rights/<int:document_id>/", rights.document, name="right_document"),
    path("rights/<int:document_id>/page/", rights.inline, name="right_document_page"),
    path("<uuid:application_id>/", case.case, name="case"),
    path("<uuid:application_id>/claim/", buttons.claim, name="claim"),
    path("<uuid:application_id>/release/", buttons.release, name="release"),
    path("<uuid:application_id>/set-aside/", holding.set_aside, name="set_aside"),
    path("<uuid:application_id>/hand-over/", holding.hand_over, name="hand_over"),
    path("<uuid:application_id>/take-over/", holding.take_over, name="take_over"),
    path("<uuid:application_id>/note/", holding.note, name="note"),
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
    path("<uuid:application_id>/waive/<word:rule>/", case_waivers.waive, name="waive"),
    path("<uuid:application_id>/right/", rights.confirm, name="right"),
    path("<uuid:application_id>/ask/", ask.ask, name="ask"),
    path("<uuid:application_id>/extend/", ask.extend, name="extend"),
    path("<uuid:application_id>/cancel-request/", buttons.cancel_request, name="cancel_request"),
    path("<uuid:application_id>/decision/", decision.decision, name="decision"),
    path("<uuid:application_id>/approve/", decide.approve, name="approve"),
    path("<uuid:application_id>/hear/", ask.hear, name="hear"),
    path("<uuid:application_id>/reject/", reject.reject, name="reject"),
    path("<uuid:application_id>/reopen/", decide.reopen, name="reopen"),
    path("<uuid:application_id>/revoke/", revoke.revoke, name="revoke"),
    path(
        "<uuid:application_id>/revocation-report/",
        revocation_report.report,
        name="revocation_report",
    ),
    path("<uuid:application_id>/revocation/", revoke.confirm, name="revocation"),
    path("<uuid:application_id>/revocation/decline/", revoke.decline, name="decline_revocation"),
    path(
        "<uuid:application_id>/revocation/withdraw/",
        revoke.withdraw,
        name="withdraw_revocation",
    ),
]
