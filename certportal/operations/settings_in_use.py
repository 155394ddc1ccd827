"""Records when a worker starts with other settings than the one before it had."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from certportal.foundation import events
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
    "DOMAIN_CONTROL",
)
"""Settings of which the SHA-256 tells that they are others; none of them is secret."""


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
    return said | {name: _hash(getattr(settings, name, None)) for name in HASHED}


def _hash(value: object) -> str:
    """Return the SHA-256 of a value and, if it names a file that can be read, of its content."""
    content = json.dumps(value, sort_keys=True, default=str).encode()
    if isinstance(value, str) and value.startswith("/") and Path(value).is_file():
        content += Path(value).read_bytes()
    return hashlib.sha256(content).hexdigest()
