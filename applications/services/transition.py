"""Locking an application and moving it: the only place that assigns a status."""

from datetime import datetime
from typing import Any
from uuid import UUID

from applications import concerned, consequences, workflow
from applications.errors import Changed, NotPossible
from applications.models import Application
from applications.workflow import Action, Role, Status
from certportal.foundation import events, outbox
from certportal.foundation.actors import Actor


def lock(application_id: UUID, *, version: int | None = None) -> Application:
    """Return the application with its row locked until the end of the transaction.

    `version` is what the person saw: another present version raises Changed (409).
    """
    application = Application.objects.select_for_update(of=("self",)).get(pk=application_id)
    if version is not None and application.version != version:
        raise Changed
    return application


def require(application: Application, action: Action, role: Role) -> None:
    """Raise NotPossible when the table does not let the role do the action now."""
    if not workflow.may(action, application.status, role):
        raise NotPossible


def move(
    application: Application,
    action: Action,
    *,
    role: Role,
    actor: Actor,
    now: datetime,
    to: Status | None = None,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Application:
    """Carry out the action on the locked application: save, record, enqueue what follows.

    `to` is the target status, needed only where the table gives several; `fields` are saved with
    it. Raises NotPossible when the table does not allow it.
    """
    require(application, action, role)
    targets = workflow.TRANSITIONS[action].targets
    target = to or _only(targets, application)
    if target not in targets:
        raise ValueError(f"{action} does not lead to {target}")
    source = application.status
    save(application, now=now, status=target, **fields)
    record(
        application,
        action,
        actor=actor,
        now=now,
        data={"from": source, "to": target, **(data or {})},
    )
    _follow(application, action, Status(target), now)
    return application


def save(application: Application, *, now: datetime, **fields: Any) -> None:
    """Save the named fields of the locked application and raise its version."""
    for name, value in fields.items():
        setattr(application, name, value)
    application.version += 1
    application.changed_at = now
    application.save(update_fields=[*fields, "version", "changed_at"])


def record(
    application: Application,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    """Insert the audit event of an action on the application."""
    events.record(
        f"application.{action}",
        actor=actor,
        now=now,
        object_type="application",
        object_id=application.pk,
        organisation_id=application.organisation_id,
        data=data,
    )


def notify(
    application: Application, notice: str, recipients: tuple[str, ...], now: datetime
) -> None:
    """Enqueue one mail for each recipient, named by what they are to the application."""
    for recipient in concerned.present(application, recipients):
        outbox.enqueue(
            "application.notice",
            now=now,
            application=str(application.pk),
            notice=notice,
            recipient=recipient,
        )


def _only(targets: frozenset[Status | None], application: Application) -> Status:
    (target,) = targets if len(targets) == 1 else (Status(application.status),)
    if target is None:
        raise ValueError("a deleted application is not moved")
    return target


def _follow(application: Application, action: Action, target: Status, now: datetime) -> None:
    follows = consequences.of(action, target)
    if follows.ends_links:
        application.contact_links.filter(revoked_at=None).update(revoked_at=now)
    for topic in follows.topics:
        outbox.enqueue(topic, now=now, reference=str(application.pk))
    for notice, recipients in follows.notices:
        notify(application, notice, recipients, now)
