"""Begin many orders by one act, and send them by one: all, or none."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, Person
from accounts.register.lookup import queries
from accounts.services.organisations import membership as members
from applications.errors import AccountOver, Changed, Gone, UnfitCsr, require
from applications.models import Application, BulkOrder, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import intermediaries, unit_ownership
from applications.services import transition
from applications.services.applicant import repeated_starts
from applications.services.applicant.csr import record_refused
from applications.services.applicant.drafts import delete_draft
from applications.services.applicant.identified import Signature, TermsChanged
from applications.services.applicant.submit import send
from applications.services.order_numbers import next_numbers
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused
from certportal.foundation.wording import filled
from issuance.csr import Report
from issuance.services import locks

MOST_ORDERS = 500


class TooManyOrders(Refused):
    """More orders at once than `MOST_ORDERS`."""

    message = filled(_("Order at most %(limit)s certificates at once."), limit=MOST_ORDERS)


class OrderRefused(Refused):
    """None of the orders was sent because of this one; `reason` is what keeps it."""

    def __init__(self, order: Application, reason: Refused) -> None:
        """Make the message from the order's number and what keeps it from being sent."""
        text = _("Nothing was sent because of the order %(number)s: %(reason)s")
        super().__init__(filled(text, number=order.number, reason=reason))
        self.order, self.reason, self.status = order, reason, reason.status


@dataclass(frozen=True, slots=True)
class Row:
    """What one of the orders has for itself: fields by name, and host names in order."""

    fields: dict[str, Any]
    host_names: list[str]


@transaction.atomic
def start_together(
    *,
    organisation: Organisation,
    person: Person,
    type: CertificateType,
    language: str,
    common: dict[str, Any],
    rows: Sequence[Row],
    actor: Actor,
    now: datetime,
) -> BulkOrder:
    """Create a draft for each row with the common fields and its own; counted as one by the limits.

    Asked for again within minutes, it is the same bulk order. Raises AccountOver, TooManyOrders,
    NotStanding, unit_ownership.OtherOwner and TooMany.
    """
    if members.lock_account(organisation.pk).is_closed:
        raise AccountOver
    if len(rows) > MOST_ORDERS:
        raise TooManyOrders
    asked = _hash([organisation.pk, type, common, [[one.fields, one.host_names] for one in rows]])
    if repeated := _same(person, asked, now):
        return repeated
    shared: dict[str, Any] = {
        "organisation": organisation,
        "created_by": person,
        "created_at": now,
        "changed_at": now,
        "type": type,
        "language": language,
        **common,
    }
    fixed = intermediaries.at_start(organisation, on=clock.day(now))
    drafts = [Application(**{**shared, **one.fields, **fixed}) for one in rows]
    _require_units(organisation, drafts, now)
    repeated_starts.spend(drafts[0], actor=actor, now=now)
    return _store(drafts, rows, BulkOrder(created_at=now, asked=asked), actor, now)


def _same(person: Person, asked: str, now: datetime) -> BulkOrder | None:
    """Return what the person asked for in the same words within minutes, if it is not sent.

    Takes the lock of `repeated_starts.same`.
    """
    locks.hold(f"start:{person.pk}")
    recent = BulkOrder.objects.filter(
        asked=asked,
        created_at__gt=now - repeated_starts.REPEATED_WITHIN,
        sent_at=None,
        orders__created_by=person,
    )
    return recent.first()


def _require_units(
    organisation: Organisation, drafts: Sequence[Application], now: datetime
) -> None:
    today = clock.day(now)
    for kind in {one.record_kind for one in drafts}:
        oids = {one.record_oid for one in drafts if one.record_kind == kind}
        for standing in queries.standings(oids, kind, today).values():
            require(unit_ownership.obstacles(organisation, standing, today))


def _store(
    drafts: Sequence[Application],
    rows: Sequence[Row],
    together: BulkOrder,
    actor: Actor,
    now: datetime,
) -> BulkOrder:
    together.save()
    for draft, number in zip(drafts, next_numbers(len(drafts), now), strict=True):
        draft.number, draft.bulk_order = number, together
    Application.objects.bulk_create(drafts)
    HostName.objects.bulk_create(
        HostName(application=draft, name=name, position=position)
        for draft, row in zip(drafts, rows, strict=True)
        for position, name in enumerate(row.host_names)
    )
    about: dict[str, Any] = {"bulk_order": str(together.pk)}
    made = [
        events.made(ApplicationEvent.START, one, actor, now, type=one.type, **about)
        for one in drafts
    ]
    events.insert(made)
    return together


def fingerprint(drafts: Sequence[Application]) -> str:
    """Return what tells whether these are the drafts, as they were, that a person looked at."""
    return _hash([[one.pk, one.version] for one in drafts])


def submit_together(
    bulk_order_id: UUID,
    *,
    seen: str,
    actor: Actor,
    now: datetime,
    **signature: Unpack[Signature],
) -> list[Application]:
    """Send all drafts of the bulk order, each frozen as a submission of its own with the signature.

    `seen` is the `fingerprint` of the drafts that the person looked at: raises Changed if they are
    others now, so that a double click sends once, and Gone if there is no such bulk order. Raises
    OrderRefused for an order that cannot be sent, and what `identified.require` raises.
    """
    try:
        with transaction.atomic():
            return _submit(bulk_order_id, seen, signature, actor, now)
    except OrderRefused as refusal:
        if isinstance(refusal.reason, UnfitCsr) and isinstance(refusal.reason.report, Report):
            record_refused(refusal.order, refusal.reason.report, actor=actor, now=now)
        raise


def _submit(
    bulk_order_id: UUID, seen: str, signature: Signature, actor: Actor, now: datetime
) -> list[Application]:
    together, drafts = _lock(bulk_order_id, seen)
    sent = [_send(one, signature, actor, now) for one in drafts]
    if together.sent_at is None:
        together.sent_at = now
        together.save(update_fields=["sent_at"])
    # One mail tells each contact person of all; the receipts stand on the pages of the orders.
    for one in {order.contact_email.casefold(): order for order in reversed(sent)}.values():
        transition.notify(one, "bulk_receipt", ("applicant",), now)
    return sent


@transaction.atomic
def discard_together(bulk_order_id: UUID, *, seen: str, actor: Actor, now: datetime) -> None:
    """Delete all drafts of the bulk order; `seen` as in `submit_together`. Raises Changed, Gone."""
    _together, drafts = _lock(bulk_order_id, seen)
    for draft in drafts:
        delete_draft(draft, actor, now)


def _lock(bulk_order_id: UUID, seen: str) -> tuple[BulkOrder, list[Application]]:
    together = BulkOrder.objects.select_for_update().filter(pk=bulk_order_id).first()
    if together is None:
        raise Gone
    drafts = list(drafts_of(together).select_for_update(of=("self",)))
    if not drafts or fingerprint(drafts) != seen:
        raise Changed
    return together, drafts


def _send(draft: Application, signature: Signature, actor: Actor, now: datetime) -> Application:
    try:
        return send(draft, signature, told=False, actor=actor, now=now)
    except (NotAllowed, TermsChanged):
        raise  # of the person and the page, whichever order it is
    except Refused as refusal:
        raise OrderRefused(draft, refusal) from refusal


def drafts_of(together: BulkOrder) -> Any:
    """Return the drafts of the bulk order, in the order of their numbers."""
    found = together.orders.filter(status=Status.DRAFT).select_related("organisation", "csr")
    return found.prefetch_related("host_names", "organisation__business_ids").order_by("number")


def _hash(what: Any) -> str:
    text = json.dumps(what, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
