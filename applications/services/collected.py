"""One mail for each reader about all orders that a daily job finds, or that end together."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import batched
from typing import Any
from uuid import UUID

from django.db import transaction

from applications.models import Application
from applications.rules import mail_choices, recipients
from applications.rules.told_together import SEVERAL, orders_told
from applications.services import transition
from certportal.foundation.database.query_cache import one_reading
from certportal.foundation.models import OutboxItem
from certportal.foundation.outbox import outbox
from certportal.foundation.text.mail_addresses import mailbox

TOPIC = "application.notice"
SENT_WITHIN = outbox.LONGEST_PAUSE
"""After this time the sweeper sends a mail whose job was killed before it did so. It is not longer,
since the sweeper takes much later times for errors of a clock and sends such items at once."""
MOST_TOLD = 500
"""The most orders of one mail: as many as are ordered together."""

type Notify = Callable[[Application, str, tuple[str, ...], datetime], None]


@contextmanager
def collected(now: datetime) -> Iterator[Notify]:
    """Provide a `notify` that collects orders into one mail for each reader; send them at the end.

    An order is added to the mail in the transaction that records that its reader was notified. So
    wherever the job is killed, no order is lost or named twice.
    """
    mails = dict[Any, UUID]()
    try:
        yield partial(_add, mails)
    finally:
        with transaction.atomic():
            outbox.hasten(OutboxItem.objects.filter(pk__in=mails.values()), now=now)


def _add(
    mails: dict[Any, UUID],
    application: Application,
    notice: str,
    named: tuple[str, ...],
    now: datetime,
) -> None:
    about = str(application.pk)
    for recipient in transition.readers(application, notice, named):
        address, language = mail_choices.reached(application, recipient)
        reader = (mailbox(address), language) if address else (about, recipient)
        # A contact of two customers gets a mail for each, to forward it to that customer.
        key = (notice, *reader, application.organisation_id, application.kind.is_test)
        item = _waiting(mails.get(key))
        if item is None:
            payload = {"application": about, "notice": notice, "recipient": recipient}
            (item,) = outbox.enqueue_all(TOPIC, [payload], now=now, due_at=now + SENT_WITHIN)
            mails[key] = item.pk
        else:
            others = item.payload.get("others", {}) | {about: recipient}
            item.payload |= {"notice": SEVERAL[notice], "others": others}
            item.save(update_fields=["payload"])


def together(notice: str, to: Mapping[Application, tuple[str, ...]]) -> list[dict[str, Any]]:
    """Return the payloads of mails that name to each reader all their applications at once."""
    by_reader = defaultdict[Any, dict[str, str]](dict)
    for application, named in to.items():
        about = str(application.pk)
        for recipient in transition.readers(application, notice, named):
            address, language = recipients.resolve(application, recipient)
            reader = (mailbox(address), language) if address else (about, recipient)
            by_reader[*reader, application.kind.is_test][about] = recipient
    return [
        _payload({"notice": SEVERAL[notice] if len(told) > 1 else notice}, dict(told))
        for theirs in by_reader.values()
        for told in batched(theirs.items(), MOST_TOLD, strict=False)
    ]


def _waiting(key: UUID | None) -> OutboxItem | None:
    """Return the mail, locked, if it is not being sent yet and has room for another order."""
    unsent = OutboxItem.objects.select_for_update().filter(attempts=0, leased_until=None)
    item = unsent.filter(pk=key).first() if key is not None else None
    return item if item and len(orders_told(item.payload)) < MOST_TOLD else None


@transaction.atomic
def keep_one_reader(item: OutboxItem, *, now: datetime) -> None:
    """Keep in the leased item the orders with the first one's reader and account; split off others.

    While it waited for a mail server, an order may have got another contact. An item of an earlier
    version may tell of the orders of several accounts.
    """
    told = orders_told(item.payload)
    orders = Application.objects.filter(pk__in=told).in_bulk()
    by_reader: dict[tuple[str, str, UUID], dict[str, str]] = {}
    with one_reading():
        for key, recipient in told.items():
            order = orders.get(UUID(key))
            if order is not None:
                address, language = mail_choices.reached(order, recipient)
                reader = mailbox(address), language, order.organisation_id
                by_reader.setdefault(reader, {})[key] = recipient
    kept, *apart = [_payload(item.payload, theirs) for theirs in by_reader.values()] or [
        item.payload
    ]
    if apart:
        item.payload = kept
        # Changes nothing if the lease ended and another worker has taken the item since.
        if item.held().update(payload=kept):
            outbox.enqueue_all(TOPIC, apart, now=now)


def _payload(payload: dict[str, Any], told: dict[str, str]) -> dict[str, Any]:
    (first, recipient), *others = told.items()
    return payload | {"application": first, "recipient": recipient, "others": dict(others)}
