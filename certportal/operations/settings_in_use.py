"""Records an event when a process starts with other settings than at its previous start."""

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
from certportal.foundation.models import Event

KIND = "settings"
IN_CLEAR = ("ISSUANCE_APPROVALS", "APPROVERS_PROVE", "CA_PRODUCTION_KEYS_IN_FILES")
"""Policies whose values are recorded in clear."""
HASHED = (
    *("PKI", "PORTAL_BASE_URL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "SCANNER"),
    *("REGISTER", "MAIL_DOMAIN", "MAIL_RETURN_PATH", "JOURNAL_COPY", "BACKUP_RECIPIENTS"),
    *("EVENT_LOG_ANCHORS", "EVENT_LOG_AUDITORS", "EVENT_LOG_POLICY", "TIME_STAMPS"),
    *("DOMAIN_CONTROL", "OIDC_ISSUER", "OIDC_CLIENT_ID", "LEVELS"),
    *("SAML_IDP_METADATA_FILE", "SAML_LEVELS"),
)
"""Settings recorded as SHA-256, which shows that they have changed; none of them is secret."""
FILES = ("BACKUP_RECIPIENTS", "EVENT_LOG_POLICY", "SAML_IDP_METADATA_FILE")
"""Those of them that name a file whose content is recorded too.

JOURNAL_COPY and EVENT_LOG_ANCHORS are not looked at: no worker would start while the file system of
another machine hangs.
"""
BACKENDS = ("IDENTIFICATION", "MANDATES")
"""Settings of which only the class is recorded, since their options may be secret."""


def record_at_start() -> None:
    """Record changed settings; if the database does not answer, only log that."""
    try:
        record_changes(now=clock.now())
    except DatabaseError as error:
        structlog.get_logger(__name__).error("settings_not_recorded", error=type(error).__name__)
    connection.close()


@transaction.atomic
def record_changes(*, now: datetime) -> None:
    """Record this process's policies and settings, if they differ from its last event."""
    about = events.Subject(KIND, settings.PORTAL_PROCESS)
    name, current = ServiceEvent.SETTINGS_CHANGED, in_use()
    recorded = Event.objects.filter(object_type=KIND, object_id=about.id, action=name)
    last = recorded.order_by("-pk").values_list("data", flat=True).first() or {}
    changed = sorted(key for key in current if last.get(key) != current[key])
    if changed:
        events.record(name, about, system("start"), now, changed=changed, **current)


def in_use() -> dict[str, Any]:
    """Return the recorded value of each setting, by name."""
    values = {name: getattr(settings, name, None) for name in IN_CLEAR}
    values |= {name: getattr(settings, name)["BACKEND"] for name in BACKENDS}
    # It contains terms that bind applicants. Not a Django setting: `foundation.agency` reads it.
    agency = os.environ.get("AGENCY_FILE")
    values["AGENCY_FILE"] = _hash(agency, agency)
    for name in HASHED:
        value = getattr(settings, name, None)
        values[name] = _hash(value, value if name in FILES else None)
    return values


def _hash(value: object, file: str | None) -> str:
    """Return the SHA-256 of a value, followed by the content of the file that it names, if any."""
    content = json.dumps(value, sort_keys=True, default=str).encode()
    if file and Path(file).is_file():
        content += Path(file).read_bytes()
    return hashlib.sha256(content).hexdigest()
