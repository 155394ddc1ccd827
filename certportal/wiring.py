"""Who hears what: topics and the tasks that hear them, and what beat does when.

Data only: an app that must be heard above itself enqueues a topic and never imports its hearer.
"""

from typing import Any

from celery.schedules import crontab

# topic → [(task, queue), …]
ROUTES: dict[str, list[tuple[str, str]]] = {
    "administrator.asked": [("applications.tell_administrator_asked", "default")],
    "application.checks_wanted": [("applications.check", "default")],
    "application.claimed": [("applications.prepare_certificate", "ca")],
    "application.notice": [("applications.send_notice", "default")],
    "application.mailbox_code": [("applications.mail_mailbox_code", "default")],
    # The registration authority looks at the facts once more before anything is signed.
    "certificate.approved": [("applications.confirm", "default")],
    "certificate.confirmed": [("issuance.issue", "ca")],
    "certificates.approved": [("applications.confirm_replacements", "default")],
    "certificates.confirmed": [("issuance.issue_many", "ca")],
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
    "feedback.given": [("certportal.mail_feedback", "default")],
    "key.proven": [("applications.tell_key_proven", "default")],
    "person.mail": [("accounts.send_mail", "default")],
    "register.changed": [
        ("accounts.follow_register", "default"),
        ("applications.hear_register", "default"),
    ],
    "register.notice": [("applications.send_register_notice", "default")],
    "reviewer.mail": [("applications.mail_reviewer", "default")],
}

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "heartbeat-default": {
        "task": "portal.beat",
        "schedule": 10.0,
        "args": ("default",),
        "options": {"queue": "default", "expires": 10},
    },
    "heartbeat-ca": {
        "task": "portal.beat",
        "schedule": 10.0,
        "args": ("ca",),
        "options": {"queue": "ca", "expires": 10},
    },
    "publish-crls": {
        "task": "issuance.publish_crls",
        "schedule": 3600.0,
        "options": {"queue": "ca", "expires": 600},
    },
    # Signs anew what has lost a quarter of its life, and whatever is missing.
    "refresh-ocsp": {
        "task": "issuance.refresh_ocsp",
        "schedule": 600.0,
        "options": {"queue": "ca", "expires": 600},
    },
    # Asks hourly; the task itself knows whether a delta or the whole is due.
    "register": {
        "task": "register.catch_up",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    "forget-expired": {
        "task": "accounts.forget_expired",
        "schedule": 3600.0,
        "options": {"expires": 3000},
    },
    # Finnish time (CELERY_TIMEZONE). Each reads from the rows what is due, so that a missed day,
    # or a week, is caught up with by the next run.
    "watch-incomplete": {
        "task": "applications.watch_incomplete",
        "schedule": crontab(hour=6, minute=0),
    },
    "watch-drafts": {"task": "applications.watch_drafts", "schedule": crontab(hour=6, minute=10)},
    "remind-of-expiry": {
        "task": "applications.remind_of_expiry",
        "schedule": crontab(hour=6, minute=20),
    },
    # Periods of validity begin and end without any import, hence also every night.
    "follow-register": {"task": "accounts.follow_days", "schedule": crontab(hour=0, minute=30)},
    "watch-register": {
        "task": "applications.watch_register",
        "schedule": crontab(hour=4, minute=0),
    },
    "erase-expired": {"task": "applications.erase_expired", "schedule": crontab(hour=3, minute=30)},
    # From 7.30 on working days; the task knows holidays and whom it has told already.
    "greet-reviewers": {
        "task": "applications.greet_reviewers",
        "schedule": crontab(hour="7-16", minute="0,30", day_of_week="mon-fri"),
        "options": {"expires": 1500},
    },
    "raise-alarms": {
        "task": "applications.raise_alarms",
        "schedule": 600.0,
        "options": {"expires": 500},
    },
}
