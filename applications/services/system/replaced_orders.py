"""The order that a replaced certificate lives on in: made by the service, with nothing to do."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from applications import concerned, notices
from applications.models import (
    Application,
    Csr,
    HostName,
    Package,
    ReplacementItem,
    Submission,
)
from applications.services import moving
from applications.services.drafting import next_number
from applications.workflow import Action, Role
from certportal.foundation.actors import system

ACTOR = system("issuance")
RECIPIENTS = ("recipient", "mailbox")
OTHERS = ("applicant", "technical_contact", "deputy")
# What belongs to the one order only: its own journey through handling.
_OWN = frozenset(
    {
        *("id", "number", "created_at", "changed_at", "status", "version", "csr", "submission"),
        *("mailbox_code", "mailbox_code_until", "mailbox_code_tries", "completed_at", "due_on"),
        *("days_left", "reviewer", "claimed_at", "waiting_for", "waiting_since", "findings"),
        *("ended_at", "erased_at"),
    }
)


def item_of(reference: UUID) -> ReplacementItem | None:
    """Return the item of a mass replacement that has this reference, if one has."""
    return ReplacementItem.objects.filter(reference=reference).first()


@transaction.atomic
def take_over(item_id: int, certificate_id: int, *, now: datetime) -> Application | None:
    """Make the order of a replaced certificate and have it delivered as any other.

    It is the old order over again, request and signed submission too: nothing was asked anew.
    Told twice, it does nothing the second time.
    """
    item = ReplacementItem.objects.select_for_update().get(pk=item_id)
    if item.state == ReplacementItem.State.ISSUED:
        return None
    item.state, item.reason, item.closed_at = ReplacementItem.State.ISSUED, "", now
    item.save(update_fields=["state", "reason", "closed_at"])
    old = moving.lock(item.certificate.reference)
    new = _copy(old, item.reference, now)
    for recipient in concerned.package(new):
        Package.objects.create(application=new, recipient=recipient, certificate_id=certificate_id)
    moving.move(
        new,
        Action.REISSUE,
        role=Role.SYSTEM,
        actor=ACTOR,
        now=now,
        data={"certificate": certificate_id, "replaces": str(old.pk)},
        csr=_copy_csr(old, new),
        submission=None if old.submission is None else _copy_submission(old.submission, new),
    )
    data = {"replaced_by": str(new.pk)}
    moving.record(old, "replaced", actor=ACTOR, now=now, data=data)
    _tell_others(new, now)
    return new


@transaction.atomic
def refuse(item_id: int, reason: str, *, now: datetime) -> None:
    """Note that the authority refused to issue for the item."""
    item = ReplacementItem.objects.select_for_update().get(pk=item_id)
    if item.state != ReplacementItem.State.ISSUED:
        item.state, item.reason = ReplacementItem.State.REFUSED, reason
        item.closed_at = now
        item.save(update_fields=["state", "reason", "closed_at"])


def _tell_others(new: Application, now: datetime) -> None:
    """Tell those who do not get the package itself, each address once."""
    everybody = (*RECIPIENTS, *OTHERS, *concerned.administrators(new))
    packaged = set(notices.distinct(new, RECIPIENTS))
    told = [one for one in notices.distinct(new, everybody) if one not in packaged]
    moving.notify(new, "replaced", tuple(told), now)


def _copy(old: Application, key: UUID, now: datetime) -> Application:
    kept = {
        field.attname: getattr(old, field.attname)
        for field in Application._meta.concrete_fields
        if field.name not in _OWN
    }
    new = Application.objects.create(
        pk=key, number=next_number(now), created_at=now, changed_at=now, **kept
    )
    for host in old.host_names.all():
        facts = _facts(host, without=frozenset({"id", "application"}))
        HostName.objects.create(application=new, **facts)
    return new


def _copy_csr(old: Application, new: Application) -> Csr | None:
    if old.csr is None:
        return None
    return Csr.objects.create(
        application=new, **_facts(old.csr, without=frozenset({"id", "application"}))
    )


def _copy_submission(old: Submission, new: Application) -> Submission:
    """The same words under the same hash: it is what the applicant once signed."""
    facts = _facts(old, without=frozenset({"id", "application", "number", "csr"}))
    return Submission.objects.create(application=new, number=1, csr=None, **facts)


def _facts(row: HostName | Csr | Submission, *, without: frozenset[str]) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }
