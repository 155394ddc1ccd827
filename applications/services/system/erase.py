"""Apply the retention table: erase personal data from its rows; events are kept."""

import json
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q

from accounts.models import AccountDecision, AdministratorRequest, Succession
from accounts.services.people.erase import (
    erase_codes,
    erase_documents,
    erase_held_documents,
    erase_invitations,
    erase_persons,
    erase_sessions,
)
from applications.models import (
    Application,
    RegisterTask,
    SentNotice,
    Submission,
)
from applications.models.kept import OF_ERASED_ORDER
from applications.rules import fields, retention
from applications.services import transition
from applications.services.applicant.attachments import erase_attachments
from applications.services.system.papers import erase_papers
from applications.services.system.persons_in_use import in_use
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.kept_tables import Kept, keeping
from certportal.foundation.models import EventOrigin, OutboxItem, Tally
from certportal.foundation.outbox.jobs import for_each
from issuance.models import Certificate

ACTOR = system("retention")
EMPTY: dict[type, Any] = {models.BinaryField: b"", models.JSONField: {}}


def erase_expired(*, now: datetime) -> int:
    """Erase everything whose retention period has ended; return the number of orders.

    Old drafts are removed by `watch_drafts`, after warnings. If one order fails, all others are
    erased, and its error is raised at the end.
    """
    orders = over(now)
    try:
        for_each(orders, partial(erase, now=now))
    finally:
        _erase_the_rest(now)
    return len(orders)


def _erase_the_rest(now: datetime) -> None:
    """Erase data that belongs to no order; runs even if an order could not be erased."""
    erase_persons(retention.PERSONS.limit(now), in_use=in_use(), now=now)
    erase_documents(retention.RIGHTS.limit(now))
    erase_held_documents(retention.HELD.limit(now))
    erase_sessions(retention.SESSIONS.limit(now))
    erase_codes(retention.CODES.limit(now))
    erase_invitations(retention.INVITATIONS.limit(now))
    _tidy(now)


def over(now: datetime) -> list[UUID]:
    """Return the orders to erase: their retention period has ended, and they are not erased yet."""
    expired = Certificate.objects.filter(not_after__lt=retention.ISSUED.limit(now))
    issued = Q(status__in=[Status.ISSUED, Status.DELIVERED], pk__in=expired.values("reference"))
    rejected = Q(status=Status.REJECTED, ended_at__lt=retention.REJECTED.limit(now))
    ended = Q(status__in=[Status.WITHDRAWN, Status.LAPSED], ended_at__lt=retention.ENDED.limit(now))
    orders = Application.objects.filter(issued | rejected | ended, erased_at=None)
    return list(orders.order_by("created_at").values_list("pk", flat=True))


@transaction.atomic
def erase(application_id: UUID, *, now: datetime) -> None:
    """Erase the personal data of an order; number, dates, hashes and kinds of decisions remain.

    The frozen submissions lose the personal values, and keep the hash of the original contents.
    """
    application = transition.lock(application_id)
    if application.erased_at is not None:
        return
    # This comes first: a database trigger allows changes to submissions only in an erased order.
    transition.save(
        application, now=now, erased_at=now, **fields.emptied(fields.marked(fields.PERSONAL))
    )
    for submission in application.submissions.all():
        submission.content = _without_persons(submission)
        submission.save(update_fields=["content"])
    _empty_rows(application)
    application.contact_links.all().delete()
    erase_papers(application)
    erase_attachments(application)
    events.record(ApplicationEvent.ERASE, application, ACTOR, now)


def _empty_rows(application: Application) -> None:
    """Empty the columns of related tables that are erased with the order, by their `keeping`."""
    personal = [name for name, mark in fields.HOST_NAME.items() if fields.PERSONAL in mark]
    application.host_names.update(**dict.fromkeys(personal, ""))
    for relation in Application._meta.related_objects:
        policy, accessor = keeping(relation.related_model), relation.get_accessor_name()
        if not isinstance(policy, Kept) or policy.erasable != OF_ERASED_ORDER:
            continue
        if accessor and policy.erased:
            columns = {name: relation.related_model._meta.get_field(name) for name in policy.erased}
            values = {name: EMPTY.get(type(column), "") for name, column in columns.items()}
            getattr(application, accessor).update(**values)


def _without_persons(submission: Submission) -> str:
    content = json.loads(submission.content)
    blanked = {field.key: "" for field in fields.marked(fields.PERSONAL) if field.key in content}
    return json.dumps(content | blanked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _tidy(now: datetime) -> None:
    finished = retention.WORK.limit(now)
    OutboxItem.objects.filter(done_at__lt=finished).delete()
    Tally.objects.filter(window__lt=finished).delete()
    EventOrigin.objects.filter(at__lt=retention.ORIGINS.limit(now)).delete()
    SentNotice.objects.filter(sent_at__lt=retention.NOTICES.limit(now)).delete()
    decided = retention.MATTERS.limit(now)
    RegisterTask.objects.filter(decided_at__lt=decided).exclude(reasons="").update(reasons="")
    requests = AdministratorRequest.objects.filter(decided_at__lt=decided)
    requests.exclude(reason="", reasons="").update(reason="", reasons="")
    Succession.objects.filter(at__lt=decided).exclude(reason="").update(reason="")
    AccountDecision.objects.filter(at__lt=decided).exclude(reasons="").update(reasons="")
