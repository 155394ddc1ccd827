"""Records when a process starts with other settings than the one before it had."""

import hashlib
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from certportal.foundation import clock, events
from certportal.foundation.actors import system
from certportal.foundation.event_names import ServiceEvent
from certportal.foundation.events import Subject
from certportal.foundation.models import Event

KIND = "settings"
SAID = ("ISSUANCE_APPROVALS", "APPROVERS_PROVE", "CA_PRODUCTION_KEYS_IN_FILES")
"""Policies whose values are recorded as they are."""
HASHED = (
    *("PKI", "PORTAL_BASE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "SCANNER"),
    *("REGISTER_URL", "MAIL_DOMAIN", "MAIL_RETURN_PATH", "JOURNAL_COPY", "BACKUP_RECIPIENTS"),
    *("EVENT_LOG_ANCHORS", "EVENT_LOG_AUDITORS", "EVENT_LOG_POLICY", "TIME_STAMPS"),
    *("DOMAIN_CONTROL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "LEVELS"),
    *("SAML_IDP_METADATA_FILE", "SAML_LEVELS"),
)
"""Settings of which the SHA-256 tells that they are others; none of them is secret."""
BACKENDS = ("IDENTIFICATION", "MANDATES")
"""Settings whose options may be secret: of these the class is recorded."""


def record_at_start() -> None:
    """Record them as the process starts, which goes on without it if the database is away."""
    try:
        record_changes(now=clock.now())
    except DatabaseError as error:
        structlog.get_logger(__name__).error("settings_not_recorded", error=type(error).__name__)
    connection.close()


@transaction.atomic
def record_changes(*, now: datetime) -> None:
    """Record this process's policies and settings, if they are not those of the last event."""
    about = Subject(KIND, settings.PORTAL_PROCESS)
    name, found = ServiceEvent.SETTINGS_CHANGED, in_use()
    told = Event.objects.filter(object_type=KIND, object_id=about.id, action=name)
    last = told.order_by("-pk").values_list("data", flat=True).first() or {}
    changed = sorted(key for key in found if last.get(key) != found[key])
    if changed:
        events.record(name, about, system("start"), now, changed=changed, **found)


def in_use() -> dict[str, Any]:
    """Return what is recorded of each setting."""
    said = {name: getattr(settings, name, None) for name in SAID}
    said |= {name: getattr(settings, name)["BACKEND"] for name in BACKENDS}
    # What it publishes binds who orders; `certportal.foundation.agency` reads it.
    said["AGENCY_FILE"] = _hash(os.environ.get("AGENCY_FILE"))
    return said | {name: _hash(getattr(settings, name, None)) for name in HASHED}


def _hash(value: object) -> str:
    """Return the SHA-256 of a value and, if it names a file that can be read, of its content."""
    content = json.dumps(value, sort_keys=True, default=str).encode()
    if isinstance(value, str) and value.startswith("/") and Path(value).is_file():
        content += Path(value).read_bytes()
    return hashlib.sha256(content).hexdigest()
