"""Who hears what: topics and the tasks that hear them, and what beat does when.

Data only: an app that must be heard above itself enqueues a topic and never imports its hearer.
"""

from typing import Any

# topic → [(task, queue), …]
ROUTES: dict[str, list[tuple[str, str]]] = {
    "application.checks_wanted": [("applications.check", "default")],
    "application.claimed": [("applications.prepare_certificate", "ca")],
    "application.notice": [("applications.send_notice", "default")],
    "certificate.approved": [("issuance.issue", "ca")],
    "certificate.issued": [("applications.record_issued", "default")],
    "certificate.refused": [("applications.recall", "default")],
    "certificate.revoked": [
        ("issuance.publish_crl", "ca"),
        ("applications.tell_revoked", "default"),
    ],
    "feedback.given": [("certportal.mail_feedback", "default")],
    "person.mail": [("accounts.send_mail", "default")],
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
}
