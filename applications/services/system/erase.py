"""Apply the retention table: erase personal data from its rows; events are kept."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Model, Q, QuerySet

from accounts.models import AccountDecision, AdministratorRequest, Membership, Person, Succession
from accounts.services.people import erase as people
from applications.models import Application, Attachment, Csr, RegisterTask, SentNotice, Submission
from applications.models.kept import OF_ERASED_ORDER
from applications.models.replacement import ReplacementApproval, ReplacementItem
from applications.rules import fields, retention
from applications.services import transition
from applications.services.applicant.attachments import erase_attachments
from applications.services.system.papers import erase_papers
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.database.kept_tables import Kept, keeping
from certportal.foundation.models import EventOrigin, OutboxItem, Tally
from certportal.foundation.outbox.jobs import for_each
from issuance import services as authority
from issuance.models import Approval, Certificate

ACTOR = system("retention")
EMPTY: dict[type, Any] = {models.BinaryField: b"", models.JSONField: {}}


def erase_expired(*, now: datetime) -> int:
    """Erase everything whose retention period has ended; return the number of orders.

    Old drafts are removed by `watch_drafts`, after warnings. If one order fails, all others are
    erased, and its error is raised at the end.
    """
    orders = over(now)
    try:
        for_each(orders, partial(_erase_if_over, now=now))
    finally:
        _erase_the_rest(now)
    return len(orders)


def _erase_the_rest(now: datetime) -> None:
    """Erase data that belongs to no order; runs even if an order could not be erased."""
    people.erase_persons(retention.PERSONS.limit(now), in_use=in_use(), now=now)
    people.erase_documents(retention.RIGHTS.limit(now))
    people.erase_held_documents(retention.HELD.limit(now))
    people.erase_sessions(retention.SESSIONS.limit(now))
    people.erase_codes(retention.CODES.limit(now))
    people.erase_invitations(retention.INVITATIONS.limit(now))
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


def over(now: datetime) -> list[UUID]:
    """Return the orders to erase: their retention period has ended, and they are not erased yet."""
    return list(_over(now).order_by("created_at").values_list("pk", flat=True))


def _over(now: datetime) -> QuerySet[Application]:
    expired = Certificate.objects.filter(not_after__lt=retention.ISSUED.limit(now))
    issued = Q(status__in=[Status.ISSUED, Status.DELIVERED], pk__in=expired.values("reference"))
    rejected = Q(status=Status.REJECTED, ended_at__lt=retention.REJECTED.limit(now))
    ended = Q(status__in=[Status.WITHDRAWN, Status.LAPSED], ended_at__lt=retention.ENDED.limit(now))
    return Application.objects.filter(issued | rejected | ended, erased_at=None)


@transaction.atomic
def _erase_if_over(application_id: UUID, *, now: datetime) -> None:
    """Erase the order, unless a reviewer has reopened it since it was listed."""
    transition.lock(application_id)
    if _over(now).filter(pk=application_id).exists():
        erase(application_id, now=now)


@transaction.atomic
def erase(application_id: UUID, *, now: datetime) -> None:
    """Erase the personal data of an order; number, dates, hashes and kinds of decisions remain.

    The frozen submissions lose the personal values, and keep the hash of the original contents.
    """
    application = transition.lock(application_id)
    if application.erased_at is not None:
        return
    # This comes first: a database trigger allows changes to submissions only in an erased order.
    # Findings quote what the order and its request contain, which may be somebody's address.
    emptied = fields.emptied(fields.marked(fields.PERSONAL)) | {"findings": []}
    transition.save(application, now=now, erased_at=now, **emptied)
    for submission in application.submissions.all():
        submission.content = _without_persons(submission)
        submission.save(update_fields=["content"])
    _empty_rows(application)
    application.contact_links.all().delete()
    erase_papers(application)
    erase_attachments([application])
    # Also what was prepared to replace its certificate, of which perhaps no order came to be.
    items = ReplacementItem.objects.filter(certificate__reference=application.pk)
    authority.erase([application.pk, *items.values_list("reference", flat=True)])
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
            column: Callable[[str], Any] = relation.related_model._meta.get_field
            values = {name: _empty(column(name)) for name in policy.erased}
            getattr(application, accessor).update(**values)


def _empty(column: Any) -> Any:
    return column.get_default() if column.has_default() else EMPTY.get(type(column), "")


def _without_persons(submission: Submission) -> str:
    content = json.loads(submission.content)
    blanked = {field.key: "" for field in fields.marked(fields.PERSONAL) if field.key in content}
    return json.dumps(content | blanked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


OF_NO_ORDER = frozenset(
    {
        # Rows deleted or blanked with the person, and rows that hold no more than the key.
        *["Person.merged_into", "Identifier.person", "EmailCode.person", "User.person"],
        *["SignOn.person", "JoinRequest.person", "RightDocument.person", "Membership.person"],
        *["StaffRole.person", "StaffRole.granted_by", "Organisation.founded_by"],
        *["Invitation.made_by", "Invitation.accepted_by"],
        *["AdministratorRequest.person", "AdministratorRequest.decided_by"],
        *["AccountDecision.decided_by", "Succession.decided_by", "RegisterTask.decided_by"],
        *["ReadyReasonVersion.person", "SupplierConsent.given_by", "SupplierConsent.ended_by"],
    }
)
"""References to persons from rows of no order. Any other reference keeps the person."""

PERSON = "person:"
# How the rows of a model without a foreign key to the order lead to it.
_TO_KEY = {
    ReplacementApproval: "replacement__items__reference__in",
    Approval: "prepared__reference__in",
}


def in_use() -> set[UUID]:
    """Return the keys of the persons named by orders that are not erased.

    Among them are those who confirmed the rights in the accounts of these orders, and those who
    only uploaded a file.
    """
    keys = set(_uploaders())
    for model, name in references():
        if f"{model.__name__}.{name}" not in OF_NO_ORDER:
            rows = _of_kept_orders(model).exclude(**{name: None})
            keys |= set(rows.values_list(name, flat=True))
    return keys


def _uploaders() -> Iterator[UUID]:
    """Yield who uploaded a file of an order that is not erased, from the actor's text column."""
    for model in (Csr, Attachment):
        rows = _of_kept_orders(model).filter(uploaded_by__startswith=PERSON)
        for actor in rows.values_list("uploaded_by", flat=True):
            yield UUID(actor.removeprefix(PERSON))


def references() -> Iterator[tuple[type[Model], str]]:
    """Yield every foreign key to a person: its model and its name."""
    for relation in Person._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            model: Any = relation.related_model
            yield model, relation.field.name  # type: ignore[union-attr]


def _of_kept_orders(model: type[Model]) -> QuerySet[Any]:
    """Return the model's rows of orders that are not erased; all rows if it leads to no order."""
    orders = Application.objects.filter(erased_at=None)
    rows = model._default_manager.all()
    if model is Application:
        return orders
    if model is Membership:
        return rows.filter(organisation__in=orders.values("organisation"))
    if model in _TO_KEY:
        return rows.filter(**{_TO_KEY[model]: orders.values("pk")})
    leads = any(field.related_model is Application for field in model._meta.concrete_fields)
    return rows.filter(application__in=orders) if leads else rows
