"""What the service knows of a case's key and sender from other orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Person
from applications.models import Application, InformationRequest
from applications.views.shared.rows import Condition, standings
from applications.workflow import Status
from certportal.foundation.together import Rows, Values, compiled_for
from certportal.foundation.web import keyset
from issuance.findings import Severity

MOST = 10
"""The most other orders with a key that are listed."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key of the certificate request: kind and size in words, hash, and where it was seen.

    `seen` are the newest sent orders of anybody that have or had a request with the same key,
    and so also its certificates. `is_unfit`: the rules found an error in the request.
    """

    kind: str
    spki_sha256: str
    is_unfit: bool
    seen: Sequence[tuple[Application, Condition]]


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever sent the order last, and their other sent orders for any organisation.

    `returned` counts those about which a reviewer asked, `rejected` those rejected at last; of a
    sender with more orders than are counted both are left out.
    """

    person: Person
    orders: keyset.Count
    returned: int
    rejected: int


def key(application: Application, *, now: datetime) -> Key:
    """Return what is known of the key; its `kind` is empty without a request."""
    stored = application.csr
    if stored is None:
        return Key("", "", is_unfit=False, seen=())
    found = (stored.report.get("csr") or {}).get("key") or {}
    parts = (found.get("kind"), found.get("curve") or found.get("bits"))
    orders = _with_key(application.pk, stored.spki_sha256).alone()
    stand = standings(orders, now=now)
    return Key(
        kind=" ".join(str(part) for part in parts if part),
        spki_sha256=stored.spki_sha256,
        is_unfit=any(
            finding["severity"] == Severity.ERROR for finding in stored.report.get("findings", [])
        ),
        seen=[(order, stand[order.pk]) for order in orders],
    )


@compiled_for(UUID(int=1), "a key")
def _with_key(but: UUID, spki_sha256: str) -> Rows:
    others = _sent_besides(but).filter(csrs__spki_sha256=spki_sha256).distinct()
    return Rows(others.order_by("-submitted_at")[:MOST], "organisation")


def sender(application: Application) -> Sender | None:
    """Return what is known of whoever sent the order last."""
    sent = application.submission
    if sent is None:
        return None
    found = _sent_by(sent.person_id, application.pk).alone()
    return Sender(
        person=sent.person.current,
        orders=keyset.Count.up_to(len(found)),
        returned=sum(is_returned for _, is_returned in found),
        rejected=sum(status == Status.REJECTED for status, _ in found),
    )


@compiled_for(UUID(int=1), UUID(int=2))
def _sent_by(person: UUID, but: UUID) -> Values:
    """Return each other order's status, and whether a reviewer ever asked for information."""
    asked = InformationRequest.objects.filter(application=OuterRef("pk")).exclude(reviewer=None)
    others = _sent_besides(but).filter(submission__person=person)
    marked = others.annotate(is_returned=Exists(asked)).values_list("status", "is_returned")
    return Values(marked[: keyset.MOST_COUNTED + 1], 2)


def _sent_besides(but: UUID) -> QuerySet[Application]:
    """Return all orders that were sent, but for one."""
    return Application.objects.exclude(pk=but).exclude(status=Status.DRAFT)
