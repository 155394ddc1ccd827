"""The orders that the service creates for the certificates of a mass replacement."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.services.organisations import membership as members
from applications.models import (
    Application,
    ContactLink,
    Csr,
    HostName,
    Package,
    ReplacementItem,
    Submission,
)
from applications.rules import contact_links, fields, recipients
from applications.services import transition
from applications.services.order_numbers import next_number
from applications.workflow import Action, ApplicationEvent
from certportal.foundation import events
from certportal.foundation.actors import system
from certportal.foundation.database.combined_queries import Rows, compiled_for, first
from certportal.foundation.web import tokens

ACTOR = system("issuance")
OTHERS = ("applicant", "technical_contact", "deputy")


def item_of(reference: UUID) -> ReplacementItem | None:
    """Return the item of a mass replacement with the reference, or None."""
    found: ReplacementItem | None = first(_items(reference).alone())
    return found


@compiled_for(UUID(int=1))
def _items(reference: UUID) -> Rows:
    return Rows(ReplacementItem.objects.filter(reference=reference))


@transaction.atomic
def take_over(item_id: int, certificate_id: int, *, now: datetime) -> Application | None:
    """Create the order of a certificate issued by a mass replacement, and have it delivered.

    The order is a copy of the old one, including its request and submission, because the applicant
    was asked nothing. A second call does nothing and returns None.
    """
    # Lock the account first, as closing it does: inserting the order locks it too.
    replaced = ReplacementItem.objects.select_related("certificate").get(pk=item_id).certificate
    members.lock_account(Application.objects.get(pk=replaced.reference).organisation_id)
    item = ReplacementItem.objects.select_for_update().get(pk=item_id)
    if item.state == ReplacementItem.State.ISSUED:
        return None
    item.state, item.reason, item.closed_at = ReplacementItem.State.ISSUED, "", now
    item.save(update_fields=["state", "reason", "closed_at"])
    old = transition.lock(item.certificate.reference)
    new = _copy(old, item.reference, now)
    _copy_ended_links(old, new)
    for recipient in recipients.package(new):
        Package.objects.create(application=new, recipient=recipient, certificate_id=certificate_id)
    transition.move(
        new,
        Action.REISSUE,
        ACTOR,
        now,
        data={"certificate": certificate_id, "replaces": str(old.pk)},
        csr=_copy_csr(old, new),
        submission=None if old.submission is None else _copy_submission(old.submission, new),
    )
    events.record(ApplicationEvent.REPLACED, old, ACTOR, now, replaced_by=str(new.pk))
    _tell_others(new, now)
    return new


@transaction.atomic
def refuse(item_id: int, reason: str, *, now: datetime) -> None:
    """Record that the CA refused to issue the item's certificate; `reason` is the rule's id.

    An item refused earlier keeps its reason, because the CA then only finds nothing prepared.
    """
    item = ReplacementItem.objects.select_for_update().get(pk=item_id)
    if item.state not in {ReplacementItem.State.ISSUED, ReplacementItem.State.REFUSED}:
        item.state, item.reason = ReplacementItem.State.REFUSED, reason
        item.closed_at = now
        item.save(update_fields=["state", "reason", "closed_at"])


def _tell_others(new: Application, now: datetime) -> None:
    """Enqueue mails to those who do not get the certificate itself, each address once."""
    packaged = recipients.package(new)
    everybody = recipients.present(new, (*packaged, *OTHERS, *recipients.administrators(new)))
    to = [name for name in recipients.distinct(new, everybody) if name not in packaged]
    transition.notify(new, "replaced", tuple(to), now)


def _copy(old: Application, key: UUID, now: datetime) -> Application:
    values = {
        field.attname: getattr(old, field.attname)
        for field in Application._meta.concrete_fields
        if field.name not in fields.JOURNEY and field.name != "csr"
    }
    new = Application.objects.create(
        pk=key, number=next_number(now), created_at=now, changed_at=now, **values
    )
    of_old = frozenset({"id", "application"})
    HostName.objects.bulk_create(
        HostName(application=new, **_facts(host, without=of_old)) for host in old.host_names.all()
    )
    return new


def _copy_ended_links(old: Application, new: Application) -> None:
    """Copy that a holder refused the order or has left, so that the new one is not mailed."""
    for holder in contact_links.HOLDERS:
        link = contact_links.refusal(old, holder) or contact_links.of_former_member(old, holder)
        if link is None:
            continue
        copy = ContactLink(
            application=new,
            holder=link.holder,
            email=link.email,
            member=link.member,
            made_at=link.made_at,
            not_mine_at=link.not_mine_at,
        )
        copy.token_hash = tokens.digest(copy.token)
        copy.save()


def _copy_csr(old: Application, new: Application) -> Csr | None:
    if old.csr is None:
        return None
    return Csr.objects.create(
        application=new, **_facts(old.csr, without=frozenset({"id", "application"}))
    )


def _copy_submission(old: Submission, new: Application) -> Submission:
    """Copy the submission with contents and hash unchanged, as the applicant once signed it."""
    facts = _facts(old, without=frozenset({"id", "application", "number", "csr"}))
    return Submission.objects.create(application=new, number=1, csr=None, **facts)


def _facts(row: HostName | Csr | Submission, *, without: frozenset[str]) -> dict[str, object]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in without
    }
