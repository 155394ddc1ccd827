"""Begin many orders by one act, and send them by one: all, or none."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Unpack
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import OperationalError, transaction
from django.db.models import Count, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from psycopg2.errors import LockNotAvailable

from accounts.models import Organisation, Person
from accounts.register.lookup import queries
from accounts.services.organisations import membership as members
from applications.access import bulk_orders_seen
from applications.errors import AccountOver, Changed, Gone, UnfitCsr, require
from applications.models import Application, BulkOrder, HostName
from applications.models.certificate_types import CertificateType
from applications.rules import intermediaries, unit_ownership
from applications.services import transition
from applications.services.applicant import repeated_starts
from applications.services.applicant.contact_links import tell_of_links
from applications.services.applicant.csr import record_refused
from applications.services.applicant.drafts import delete_draft
from applications.services.applicant.identified import Signature, TermsChanged
from applications.services.applicant.submit import send
from applications.services.order_numbers import next_numbers
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, Stale
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


class Busy(Stale):
    """The orders are being sent, deleted or changed at this very moment by another request."""

    message = _(
        "The orders are being sent, deleted or changed at this moment. Nothing more was done. Wait"
        " a moment, open the page of the orders again, and see how they stand."
    )


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
    if repeated := _same(person, asked, len(rows), now):
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
    drafts = [_draft({**shared, **one.fields, **fixed}) for one in rows]
    _require_units(organisation, drafts, now)
    repeated_starts.spend(drafts[0], actor=actor, now=now)
    return _store(drafts, rows, BulkOrder(created_at=now, asked=asked), actor, now)


def _draft(values: dict[str, Any]) -> Application:
    draft = Application(**values)
    for name, value in intermediaries.by_system(draft, {}).items():
        setattr(draft, name, value)
    return draft


def _same(person: Person, asked: str, count: int, now: datetime) -> BulkOrder | None:
    """Return what the person asked for in the same words within minutes, if nobody touched it.

    Takes the lock of `repeated_starts.same`.
    """
    locks.hold(f"start:{person.pk}")
    untouched = Q(
        orders__created_by=person,
        orders__status=Status.DRAFT,
        orders__version=1,
        orders__csrs=None,
    )
    recent = BulkOrder.objects.filter(
        asked=asked, created_at__gt=now - repeated_starts.REPEATED_WITHIN, sent_at=None
    )
    whole = recent.annotate(untouched=Count("orders", filter=untouched)).filter(untouched=count)
    return whole.order_by("created_at").first()


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
    """Send the drafts of the bulk order that the signing person sees, each frozen for itself.

    `seen` is the `fingerprint` of the drafts that the person looked at: raises Changed if they are
    others now, so that a double click sends once, and Gone if there is no such bulk order. Raises
    Busy while another request sends, deletes or changes one of them, OrderRefused for an order that
    cannot be sent, and what `identified.require` raises.
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
    together, drafts = _lock(bulk_order_id, signature["person"], seen)
    sent = [_send(one, signature, actor, now) for one in drafts]
    if together.sent_at is None:
        together.sent_at = now
        together.save(update_fields=["sent_at"])
    # One mail tells each contact person of all; the receipts stand on the pages of the orders.
    for one in {order.contact_email.casefold(): order for order in reversed(sent)}.values():
        transition.notify(one, "bulk_receipt", ("applicant",), now)
    tell_of_links(sent, now=now)
    return sent


@transaction.atomic
def discard_together(
    bulk_order_id: UUID, *, person: Person, seen: str, actor: Actor, now: datetime
) -> None:
    """Delete the drafts of the bulk order that the person sees; `seen` as in `submit_together`.

    Raises Changed, Gone and Busy.
    """
    _together, drafts = _lock(bulk_order_id, person, seen)
    for draft in drafts:
        delete_draft(draft, actor, now)


def _lock(bulk_order_id: UUID, person: Person, seen: str) -> tuple[BulkOrder, list[Application]]:
    """Lock the bulk order and the person's drafts, or raise Busy.

    It waits for nobody: sending many takes longer than a request may wait for a lock, and whoever
    holds a draft may want the bulk order next (`delete_draft`).
    """
    try:
        with transaction.atomic():
            together = _locked(BulkOrder.objects.filter(pk=bulk_order_id)).first()
            if together is None:
                raise Gone
            drafts = list(_locked(drafts_of(together, person)))
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise Busy from error
    if not drafts or fingerprint(drafts) != seen:
        raise Changed
    return together, drafts


def _locked[Row: Model](rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.select_for_update(nowait=True, of=("self",))


def _send(draft: Application, signature: Signature, actor: Actor, now: datetime) -> Application:
    try:
        return send(draft, signature, told=False, actor=actor, now=now)
    except (NotAllowed, TermsChanged):
        raise  # of the person and the page, whichever order it is
    except Refused as refusal:
        raise OrderRefused(draft, refusal) from refusal


def drafts_of(together: BulkOrder, person: Person) -> QuerySet[Application]:
    """Return the drafts of the bulk order that the person may act on, by number.

    Who sees one of its orders need not see all (`access.orders_seen`).
    """
    found = bulk_orders_seen(person, together).filter(status=Status.DRAFT)
    with_all = found.select_related("organisation", "csr")
    return with_all.prefetch_related("host_names", "organisation__business_ids")


def _hash(what: Any) -> str:
    text = json.dumps(what, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
