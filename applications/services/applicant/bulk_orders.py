"""Begin many orders in one step, and send them in one: all or none."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from applications.access import bulk_orders_seen, require_acting
from applications.errors import AccountOver, Changed, Gone, UnfitCsr, require
from applications.models import Application, BulkOrder, HostName
from applications.models.certificate_types import CertificateType, Delivery
from applications.rules import intermediaries, unit_ownership
from applications.services import transition
from applications.services.applicant import attachments, contact_links, repeated_starts
from applications.services.applicant.csr import record_refused
from applications.services.applicant.drafts import delete_drafts, unsaved
from applications.services.applicant.identified import Signature, TermsChanged
from applications.services.applicant.submit import send
from applications.services.order_numbers import next_numbers
from applications.workflow import ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed, Refused, Stale, Unavailable
from certportal.foundation.files import storing
from certportal.foundation.text.mail_addresses import mailbox
from certportal.foundation.text.wording import filled
from certportal.foundation.turns import turn
from certportal.foundation.web import limits
from issuance.csr import Report
from issuance.services import locks

MOST_ORDERS = 500
MOST_RENEWED = 100
"""Orders renewed together: each may bring a document, which is copied."""
# Tables read within an hour: of one person, and from one network address.
MOST_READ, MOST_READ_FROM = 120, 600
MOST_TOGETHER_AN_HOUR = 5000
"""Drafts of bulk orders within an hour, for an organisation."""


class TooManyOrders(Refused):
    def __init__(self, limit: int = MOST_ORDERS) -> None:
        super().__init__(filled(_("Order at most %(limit)s certificates at once."), limit=limit))


class NotTogether(Refused):
    message = _(
        "Choose certificates of one type. Each email certificate is renewed on its own page, since"
        " its mailbox is confirmed with a code."
    )


class NotCopied(Refused):
    """The store does not answer for the certificate of conformity of this order."""

    message = _(
        "Nothing was created: the certificate of conformity of the order %(number)s cannot be read"
        " at the moment. Leave the order out, or try again in a few minutes."
    )

    def __init__(self, order: Application) -> None:
        super().__init__(filled(self.message, number=order.number))


class OrderRefused(Refused):
    """None of the orders was sent, because `order` cannot be sent for `reason`."""

    def __init__(self, order: Application, reason: Refused) -> None:
        text = _("Nothing was sent because of the order %(number)s: %(reason)s")
        super().__init__(filled(text, number=order.number, reason=reason))
        self.order, self.reason, self.status = order, reason, reason.status


class Busy(Stale):
    message = _(
        "The orders are being sent, deleted or changed at this moment. Nothing more was done. Wait"
        " a moment, open the page of the orders again, and see how they stand."
    )


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a single order: fields by name, and host names in order."""

    fields: dict[str, Any]
    host_names: list[str]


def count_reading(*, actor: Actor, now: datetime) -> None:
    """Count one reading of a table, which is compared with the registers. Raises TooMany."""
    most = {"most": MOST_READ, "most_from": MOST_READ_FROM}
    limits.spend_by("bulk_rows", actor, **most, per=timedelta(hours=1), now=now)


@turn()
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
    """Create a draft for each row with the common fields and its own.

    The limits of drafts count one, and `MOST_TOGETHER_AN_HOUR` all. The same request repeated
    within minutes returns the same bulk order. Raises AccountOver, MayNotAct, TooManyOrders,
    NotStanding, unit_ownership.OtherOwner and TooMany.
    """
    if members.lock_account(organisation.pk).is_closed:
        raise AccountOver
    require_acting(organisation.pk, actor)
    if len(rows) > MOST_ORDERS:
        raise TooManyOrders
    request_hash = _hash(
        [organisation.pk, type, common, [[row.fields, row.host_names] for row in rows]]
    )
    if repeated := _repeated(person, request_hash, len(rows), now):
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
    drafts = [_draft({**shared, **row.fields, **fixed}) for row in rows]
    _require_units(organisation, drafts, now)
    _spend(drafts, actor, now)
    names = [row.host_names for row in rows]
    return _store(drafts, names, BulkOrder(created_at=now, asked=request_hash), actor, now)


@turn()
@storing.atomic()
def renew_together(
    *,
    organisation: Organisation,
    person: Person,
    orders: Sequence[Application],
    language: str,
    actor: Actor,
    now: datetime,
) -> BulkOrder:
    """Create a draft from each of the organisation's orders, as `drafts.start` does from one.

    They are of one type, each to get its own certificate request, which the applicant gives unless
    a technical contact brought the earlier one. Counted and repeated as `start_together`. Raises
    AccountOver, MayNotAct, NotTogether, TooManyOrders, TooMany, NotCopied and NotStored.
    """
    if members.lock_account(organisation.pk).is_closed:
        raise AccountOver
    require_acting(organisation.pk, actor)
    if len(orders) > MOST_RENEWED:
        raise TooManyOrders(MOST_RENEWED)
    if len({order.type for order in orders}) != 1 or orders[0].kind.has_mailbox:
        raise NotTogether
    request_hash = _hash(["renewal", [order.pk for order in orders]])
    if repeated := _repeated(person, request_hash, len(orders), now):
        return repeated
    fixed = intermediaries.at_start(organisation, on=clock.day(now))
    drafts = []
    for order in orders:
        draft = unsaved(organisation, person, order.kind, language, now, template=order)
        for name, value in fixed.items():
            setattr(draft, name, value)
        draft.csr_by = draft.csr_by or Delivery.APPLICANT
        drafts.append(draft)
    _spend(drafts, actor, now)
    names = [order.names for order in orders]
    bulk_order = _store(drafts, names, BulkOrder(created_at=now, asked=request_hash), actor, now)
    for order, draft in zip(orders, drafts, strict=True):
        try:
            attachments.copy_conformity(order, draft, actor=actor, now=now)
        except Unavailable as error:
            raise NotCopied(order) from error
    return bulk_order


def _spend(drafts: Sequence[Application], actor: Actor, now: datetime) -> None:
    """Count the beginning of a bulk order, and its drafts. Raises TooMany."""
    repeated_starts.spend(drafts[0], actor=actor, now=now)
    limits.spend(
        "bulk_drafts_for",
        str(drafts[0].organisation_id),
        most=MOST_TOGETHER_AN_HOUR,
        per=timedelta(hours=1),
        now=now,
        uses=len(drafts),
    )


def _draft(values: dict[str, Any]) -> Application:
    draft = Application(**values)
    for name, value in intermediaries.by_system(draft, {}).items():
        setattr(draft, name, value)
    return draft


def _repeated(person: Person, request_hash: str, count: int, now: datetime) -> BulkOrder | None:
    """Return the person's bulk order from the same request minutes ago, if it is unchanged.

    Takes the lock of `repeated_starts.find`.
    """
    locks.hold(f"start:{person.pk}")
    untouched = Q(
        orders__created_by=person, orders__status=Status.DRAFT, orders__version=1, orders__csrs=None
    )
    lately = clock.recently(repeated_starts.REPEATED_WITHIN, now=now)
    recent = BulkOrder.objects.filter(asked=request_hash, created_at__range=lately, sent_at=None)
    whole = recent.annotate(untouched=Count("orders", filter=untouched)).filter(untouched=count)
    return whole.order_by("created_at").first()


def _require_units(
    organisation: Organisation, drafts: Sequence[Application], now: datetime
) -> None:
    today = clock.day(now)
    for kind in {draft.record_kind for draft in drafts}:
        oids = {draft.record_oid for draft in drafts if draft.record_kind == kind}
        for standing in queries.standings(oids, kind, today).values():
            require(unit_ownership.obstacles(organisation, standing, today))


def _store(
    drafts: Sequence[Application],
    names: Sequence[list[str]],
    bulk_order: BulkOrder,
    actor: Actor,
    now: datetime,
) -> BulkOrder:
    bulk_order.save()
    for draft, number in zip(drafts, next_numbers(len(drafts), now), strict=True):
        draft.number, draft.bulk_order = number, bulk_order
    Application.objects.bulk_create(drafts)
    HostName.objects.bulk_create(
        HostName(application=draft, name=name, position=position)
        for draft, host_names in zip(drafts, names, strict=True)
        for position, name in enumerate(host_names)
    )
    data: dict[str, Any] = {"bulk_order": str(bulk_order.pk)}
    started = [
        events.made(ApplicationEvent.START, draft, actor, now, type=draft.type, **data)
        for draft in drafts
    ]
    events.insert(started)
    return bulk_order


def fingerprint(drafts: Sequence[Application]) -> str:
    """Return a hash of the drafts and their versions, to detect changes since a person saw them."""
    return _hash([[draft.pk, draft.version] for draft in drafts])


@turn()
def submit_together(
    bulk_order_id: UUID, *, seen: str, actor: Actor, now: datetime, **signature: Unpack[Signature]
) -> list[Application]:
    """Send the signing person's drafts of the bulk order, each with a submission of its own.

    `seen` is the `fingerprint` of the drafts on the page. Raises Changed if it differs now (so a
    double click sends once), Gone if there is no such bulk order, Busy while another request sends,
    deletes or changes one of the drafts, OrderRefused for an order that cannot be sent,
    TooManyContacts and TooMany for too many mails with links, and what `identified.require` raises.
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
    bulk_order, drafts = _lock(bulk_order_id, signature["person"], seen)
    require(contact_links.obstacles(drafts, actor=actor, now=now))
    # Who renames an organisation or a person enters all their orders in the index of searches in
    # this order. In another one two transactions could wait for each other
    # (applications/migrations/0026_search_entry.py).
    indexed = sorted(drafts, key=lambda draft: draft.pk)
    sent = [_send(draft, signature, actor, now) for draft in indexed]
    sent.sort(key=lambda order: order.number)
    if bulk_order.sent_at is None:
        bulk_order.sent_at = now
        bulk_order.save(update_fields=["sent_at"])
    # One mail for each contact person, about all orders; the receipts are on the orders' pages.
    by_contact = defaultdict[str, list[Application]](list)
    for order in sent:
        by_contact[mailbox(order.contact_email)].append(order)
    for first, *rest in by_contact.values():
        others = {str(order.pk): "applicant" for order in rest}
        transition.notify(first, "bulk_receipt", ("applicant",), now, others=others)
    contact_links.tell_of_links(sent, now=now)
    contact_links.spend_sent(sent, actor=actor, now=now)
    return sent


@turn()
@transaction.atomic
def discard_together(
    bulk_order_id: UUID, *, person: Person, seen: str, actor: Actor, now: datetime
) -> None:
    """Delete the person's drafts of the bulk order; `seen` as in `submit_together`.

    Raises Changed, Gone, Busy, MayNotAct and TooMany.
    """
    _bulk_order, drafts = _lock(bulk_order_id, person, seen)
    for account in {draft.organisation_id for draft in drafts}:
        require_acting(account, actor)
    delete_drafts(drafts, actor, now)


def _lock(bulk_order_id: UUID, person: Person, seen: str) -> tuple[BulkOrder, list[Application]]:
    """Lock the bulk order and the person's drafts, or raise Busy.

    It never waits for a lock: sending many orders takes longer than a request may wait, and a
    request that holds a draft may lock the bulk order next (`delete_drafts`).
    """
    try:
        with transaction.atomic():
            bulk_order = _locked(BulkOrder.objects.filter(pk=bulk_order_id)).first()
            if bulk_order is None:
                raise Gone
            drafts = list(_locked(drafts_of(bulk_order, person)))
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise Busy from error
    if not drafts or fingerprint(drafts) != seen:
        raise Changed
    return bulk_order, drafts


def _locked[Row: Model](rows: QuerySet[Row]) -> QuerySet[Row]:
    return rows.select_for_update(nowait=True, of=("self",))


def _send(draft: Application, signature: Signature, actor: Actor, now: datetime) -> Application:
    try:
        return send(draft, signature, with_mail=False, actor=actor, now=now)
    except (NotAllowed, TermsChanged):
        raise  # concerns the person or the page, not this order
    except Refused as refusal:
        raise OrderRefused(draft, refusal) from refusal


def drafts_of(bulk_order: BulkOrder, person: Person) -> QuerySet[Application]:
    """Return the drafts of the bulk order that the person may act on, by number.

    A person who sees one of its orders need not see all (`access.orders_seen`).
    """
    orders = bulk_orders_seen(person, bulk_order).filter(status=Status.DRAFT)
    with_all = orders.select_related("organisation", "csr")
    return with_all.prefetch_related("host_names", "organisation__business_ids")


def _hash(value: Any) -> str:
    text = json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
