"""Routing of outbox topics to tasks, and the schedule of periodic tasks (beat).

An app triggers work in an app above it by enqueuing a topic, without importing that app. Workers
run only the tasks listed here, each only those of its queue, whatever is written to Redis
(docs/decisions/broker-not-trusted.md).
"""

from typing import Any

from celery.schedules import crontab

from certportal.foundation import clock

# topic → [(task, queue), …]. Mails have a queue and a worker of their own, so that a mail server
# that hangs delays no order.
ROUTES: dict[str, list[tuple[str, str]]] = {
    "administrator.asked": [("applications.tell_administrator_asked", "default")],
    "application.checks_wanted": [("applications.check", "default")],
    "application.claimed": [("applications.prepare_certificate", "ca")],
    "application.notice": [("applications.send_notice", "mail")],
    "application.domains_wanted": [("applications.look_up_domains", "default")],
    "application.mailbox_code": [("applications.mail_mailbox_code", "mail")],
    # The registration authority checks the facts again before anything is signed.
    "certificate.approved": [("applications.confirm", "default")],
    "certificate.confirmed": [("issuance.issue", "ca")],
    "certificates.approved": [("applications.confirm_replacements", "default")],
    "certificates.confirmed": [("issuance.issue_many", "ca")],
    "ceremony.recorded": [("applications.make_ceremony_paper", "default")],
    "certificate.issued": [
        ("applications.record_issued", "default"),
        ("issuance.publish_ocsp", "ca"),
    ],
    "certificate.refused": [("applications.recall", "default")],
    "certificate.revoked": [
        ("issuance.publish_crl", "ca"),
        ("issuance.publish_ocsp", "ca"),
        ("applications.tell_revoked", "default"),
    ],
    "domain.look_wanted": [("applications.look_up_domain", "default")],
    "event_log.anchored": [("certportal.mail_event_log_head", "mail")],
    "event_log.headed": [("issuance.stamp_head", "default")],
    "event_log.stamped": [("issuance.keep_stamp", "ca")],
    "feedback.given": [("certportal.mail_feedback", "mail")],
    "key.blocked": [("applications.tell_key_blocked", "default")],
    "key.proven": [("applications.tell_key_proven", "default")],
    "mail.undelivered": [("applications.tell_undelivered", "default")],
    "paper.made": [("issuance.seal_paper", "ca")],
    "paper.sealed": [("applications.keep_sealed", "default")],
    "paper.wanted": [("applications.make_paper", "default")],
    "person.mail": [("accounts.send_mail", "mail")],
    "register.changed": [
        ("accounts.follow_register", "default"),
        ("applications.hear_register", "default"),
    ],
    "register.decided": [("applications.propose_decided", "default")],
    "register.look_wanted": [("applications.hear_register", "default")],
    "register.notice": [("applications.send_register_notice", "mail")],
    "reviewer.mail": [("applications.mail_reviewer", "mail")],
}


def _timed(
    task: str, schedule: float | crontab, *, queue: str = "default", expires: float | None = None
) -> dict[str, Any]:
    """Return an entry of beat's schedule; a run not begun within `expires` seconds is dropped.

    Beat's clock says when that is, and the worker's whether it has come, so these may differ.
    """
    options: dict[str, Any] = {"queue": queue}
    if expires is not None:
        options["expires"] = expires + clock.MAY_DIFFER.total_seconds()
    return {"task": task, "schedule": schedule, "options": options}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "heartbeat-default": _timed("portal.beat", 10, expires=10),
    "heartbeat-mail": _timed("portal.beat", 10, queue="mail", expires=10),
    "heartbeat-ca": _timed("portal.beat", 10, queue="ca", expires=10),
    "publish-crls": _timed("issuance.publish_crls", 3600, queue="ca", expires=600),
    "publish-overdue-crls": _timed("issuance.publish_overdue_crls", 600, queue="ca", expires=600),
    # Renews responses that have lost a quarter of their validity, and signs missing ones.
    "refresh-ocsp": _timed("issuance.refresh_ocsp", 600, queue="ca", expires=600),
    # Hourly; the task decides whether a delta or full import is due.
    "register": _timed("register.catch_up", 3600, expires=3000),
    "forget-expired": _timed("accounts.forget_expired", 3600, expires=3000),
    # Finnish time (CELERY_TIMEZONE). Each task finds what is due in the database, so the next run
    # catches up on missed days.
    "watch-incomplete": _timed("applications.watch_incomplete", crontab(hour=6, minute=0)),
    "watch-drafts": _timed("applications.watch_drafts", crontab(hour=6, minute=10)),
    "remind-of-expiry": _timed("applications.remind_of_expiry", crontab(hour=6, minute=20)),
    "warn-of-ending-consents": _timed(
        "accounts.warn_of_ending_consents", crontab(hour=6, minute=30)
    ),
    # Validity periods begin and end also on days without an import.
    "follow-register": _timed("accounts.follow_days", crontab(hour=0, minute=30)),
    "watch-register": _timed("applications.watch_register", crontab(hour=4, minute=0)),
    "erase-expired": _timed("applications.erase_expired", crontab(hour=3, minute=30)),
    "sweep-files": _timed("foundation.sweep_files", crontab(hour=3, minute=50)),
    "settle-blocked-keys": _timed("issuance.settle_blocked_keys", crontab(hour=3, minute=40)),
    # From 7.30 on working days; the task skips holidays and reviewers who have had their mail.
    "greet-reviewers": _timed(
        "applications.greet_reviewers",
        crontab(hour="7-16", minute="0,30", day_of_week="mon-fri"),
        expires=1500,
    ),
    # At night, since it occupies the signer.
    "reconcile": _timed(
        "issuance.reconcile", crontab(hour=2, minute=30), queue="ca", expires=3 * 3600
    ),
    # Seals papers too. Cheap: a run without new events or papers makes four short queries.
    "extend-event-log": _timed("issuance.extend_event_log", 1, queue="ca", expires=2),
    "ask-witnesses": _timed("issuance.ask_witnesses", 600, expires=500),
    "verify-audit": _timed(
        "issuance.verify_audit", crontab(hour=3, minute=0), queue="ca", expires=3 * 3600
    ),
    "raise-alarms": _timed("applications.raise_alarms", 600, expires=500),
}

# Tasks in neither table above: task → queue.
OTHER_TASKS = {
    "foundation.sweep": "default",
    "issuance.answer_ocsp": "ca",
    "issuance.answer_consistency": "ca",
    "issuance.answer_receipts": "ca",
    "issuance.keep_cosigned": "ca",
}


def tasks_of(queue: str) -> set[str]:
    """Return the names of the tasks that the queue's worker may run."""
    routed = {task for tasks in ROUTES.values() for task, of_queue in tasks if of_queue == queue}
    entries = BEAT_SCHEDULE.values()
    timed = {entry["task"] for entry in entries if entry["options"]["queue"] == queue}
    return routed | timed | {task for task, of_queue in OTHER_TASKS.items() if of_queue == queue}
