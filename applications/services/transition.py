"""Lock an application and change its status: the only place that assigns a status."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from applications import workflow
from applications.access import require_acting
from applications.errors import Changed, Gone, NotPossible
from applications.models import Application, ContactLink
from applications.rules import mail_choices, possible_actions, recipients as recipients_rules
from applications.workflow import Action, Role, Status, consequences, event_of
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.database import row_writes
from certportal.foundation.database.related_rows import by_key
from certportal.foundation.database.statements import execute
from certportal.foundation.outbox import outbox

NOT_WAITING: dict[str, Any] = {"waiting_for": "", "waiting_since": None}
"""The fields of an order that waits for no source."""
MOST_AT_ONCE = 500
"""Orders that one statement changes: it enters each in the index of searches, which may take two
milliseconds, and a statement of web may take ten seconds (`certportal.env.database`)."""
_locked = by_key(Application, lock=True)


def lock(
    application_id: UUID, *, by: Actor | None = None, version: int | None = None
) -> Application:
    """Return the application with its row locked until the end of the transaction.

    `version` is the one the user saw: raises Changed (HTTP 409) if it is no longer the present
    one, and Gone, which is a Changed, for a draft that was discarded or whose account was closed.
    `by` acts as a member of its organisation: raises MayNotAct if their right to do so has ended.
    """
    application = _locked(application_id)
    if application is None:
        raise Gone
    if by is not None:
        require_acting(application.organisation_id, by)
    if version is not None and application.version != version:
        raise Changed
    return application


def lock_all(orders: QuerySet[Application]) -> list[Application]:
    """Lock the orders, in the sequence in which everybody locks several; return them."""
    return list(orders.select_for_update(of=("self",)).order_by("pk"))


def lock_entries(orders: Iterable[Application]) -> None:
    """Lock what the orders are found by, before several of the locked orders change or are deleted.

    In the sequence of those who rename an organisation or a person, and so enter all its orders in
    the index of searches: each would otherwise wait for the other (docs/decisions/search.md).
    """
    execute("SELECT applications_lock_entries(%s)", [[order.pk for order in orders]])


def take(
    action: Action,
    application_id: UUID,
    by: Actor | None = None,
    version: int | None = None,
    *,
    role: Role | None = None,
    now: datetime,
) -> Application:
    """Return the locked application for the action; `role` as in `move`, `by` as in `lock`.

    Raises Changed, MayNotAct, and NotPossible if the role may not do the action now
    (`rules.possible_actions`).
    """
    application = lock(application_id, by=by, version=version)
    possible_actions.require(action, application, role or workflow.sole_role(action), now=now)
    return application


def move(
    application: Application,
    action: Action,
    actor: Actor,
    now: datetime,
    *,
    role: Role | None = None,
    to: Status | None = None,
    with_mail: bool = True,
    data: dict[str, Any] | None = None,
    **fields: Any,
) -> Application:
    """Carry out the action on the locked application.

    Saves the status and `fields`, records the event with `data`, and enqueues the consequences.
    `role` may be left out of an action that only one role may do. `to` is the target status;
    without it, it is the table's only target, or the present status. `with_mail`: whether the mails
    that follow from the action are sent.
    Raises NotPossible if the role may not do the action, ValueError for a target not in the table.
    """
    role = role or workflow.sole_role(action)
    _require(action, application, role)
    targets = workflow.TRANSITIONS[action].targets
    target = to or _only(targets, application)
    if target not in targets:
        raise ValueError(f"{action} does not lead to {target}")
    source = application.status
    save(application, now=now, status=target, **fields)
    event_data = (data or {}) | {"from": source, "to": target}
    events.record(event_of(action), application, actor, now, **event_data)
    _follow([application], action, Status(target), now, with_mail=with_mail)
    return application


def move_all(
    applications: Sequence[Application], action: Action, actor: Actor, now: datetime, **fields: Any
) -> None:
    """Carry out an action that has one role and one target on the locked applications, as `move`.

    A statement for all. Raises NotPossible if the role may not do it to one of them.
    """
    (target,) = workflow.TRANSITIONS[action].targets
    if target is None:
        raise ValueError("a deleted application is not moved")
    moved = []
    for application in applications:
        _require(action, application, workflow.sole_role(action))
        data: dict[str, Any] = {"from": application.status, "to": target}
        moved.append(events.made(event_of(action), application, actor, now, **data))
    save_all(applications, now=now, status=target, **fields)
    events.insert(moved)
    _follow(applications, action, target, now, with_mail=True)


def _require(action: Action, application: Application, role: Role) -> None:
    if not workflow.may(action, application.status, role):
        raise NotPossible(status=application.status_words_for(role))


def save(application: Application, *, now: datetime, **fields: Any) -> None:
    """Save the given fields of the locked application and increment its version."""
    for name, value in fields.items():
        setattr(application, name, value)
    application.version += 1
    application.changed_at = now
    row_writes.update(application, *fields, "version", "changed_at")


def save_all(applications: Sequence[Application], *, now: datetime, **fields: Any) -> None:
    """Save the same fields of each of the locked applications, as `save` does.

    By one statement for `MOST_AT_ONCE` of them.
    """
    for application in applications:
        for name, value in (fields | {"changed_at": now}).items():
            setattr(application, name, value)
        application.version += 1
    for some in batched([application.pk for application in applications], MOST_AT_ONCE):
        rows = Application.objects.filter(pk__in=some)
        rows.update(**fields, version=F("version") + 1, changed_at=now)


def notify(
    application: Application,
    notice: str,
    recipients: tuple[str, ...],
    now: datetime,
    *,
    due_at: datetime | None = None,
    **more: Any,
) -> None:
    """Enqueue the mail to each recipient who wants it, to be sent now or from `due_at` on.

    They are named as in `applications.rules.recipients`. `more` goes into the item's payload.
    """
    payloads = [payload | more for payload in notices(notice, {application: recipients})]
    outbox.enqueue_all("application.notice", payloads, now=now, due_at=due_at)


def notices(notice: str, to: Mapping[Application, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return what is enqueued of the mail about each application, as by `notify`."""
    return [
        {"application": str(application.pk), "notice": notice, "recipient": reader}
        for application, recipients in to.items()
        for reader in readers(application, notice, recipients)
    ]


def readers(application: Application, notice: str, recipients: tuple[str, ...]) -> list[str]:
    """Return those who get the mail: of the recipients, or in their place, those who want it."""
    to = recipients_rules.present(application, recipients)
    return mail_choices.wanted(application, notice, to)


def _only(targets: frozenset[Status | None], application: Application) -> Status:
    (target,) = targets if len(targets) == 1 else (Status(application.status),)
    if target is None:
        raise ValueError("a deleted application is not moved")
    return target


def _follow(
    applications: Sequence[Application],
    action: Action,
    target: Status,
    now: datetime,
    *,
    with_mail: bool,
) -> None:
    follows = consequences.of(action, target)
    if follows.ends_links:
        links = ContactLink.objects.filter(application__in=applications, revoked_at=None)
        links.update(revoked_at=now)
    references = [{"reference": str(application.pk)} for application in applications]
    for topic in follows.topics:
        outbox.enqueue_all(topic, references, now=now)
    for notice, recipients in follows.notices if with_mail else ():
        for application in applications:
            notify(application, notice, recipients, now)
