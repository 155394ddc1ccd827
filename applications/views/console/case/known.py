"""What the service knows of a case's key, names and sender from other orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, QuerySet, When

from accounts.models import Person
from applications.models import Application, HostName, InformationRequest
from applications.rules import order_search
from applications.views.shared.rows import Condition
from applications.workflow import Status
from certportal.foundation.database.combined_queries import (
    Asks,
    Question,
    Rows,
    Values,
    compiled_for,
)
from certportal.foundation.web import keyset
from issuance.findings import Severity

MOST = 10
"""The most other orders with a key or a name that are listed."""


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
class Namesake:
    """Another order that was sent, its state, and which of the case's names it has too.

    `is_foreign`: it is another organisation's.
    """

    order: Application
    standing: Condition
    names: Sequence[str]
    is_foreign: bool


@dataclass(frozen=True, slots=True)
class Names:
    """What the certificate names beside the organisation, and other orders with one of these.

    `values` are the host names, the OID of the system, or the mailbox. `is_cut`: there are more
    orders than `seen`, of which other organisations' come first, and then the newest.
    """

    values: Sequence[str]
    seen: Sequence[Namesake]
    is_cut: bool

    @property
    def is_foreign(self) -> bool:
        """Whether another organisation has ordered for one of the names."""
        return any(one.is_foreign for one in self.seen)


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


type States = Mapping[UUID, Condition]
"""The states of other orders by their keys, as `reading.read_others` returns them."""


def key(application: Application, stand: States) -> Key:
    """Return what is known of the key; its `kind` is empty without a request."""
    stored = application.csr
    if stored is None:
        return Key("", "", is_unfit=False, seen=())
    found = (stored.report.get("csr") or {}).get("key") or {}
    parts = (found.get("kind"), found.get("curve") or found.get("bits"))
    return Key(
        kind=" ".join(str(part) for part in parts if part),
        spki_sha256=stored.spki_sha256,
        is_unfit=any(
            finding["severity"] == Severity.ERROR for finding in stored.report.get("findings", [])
        ),
        seen=[(order, stand[order.pk]) for order in with_key(application)],
    )


@Question
def with_key(application: Application) -> Asks[list[Application]]:
    """Return the newest other orders that have or had a request with the same key."""
    if application.csr is None:
        return Rows(Application.objects.none()), list
    return _ordered_with_key(application.pk, application.csr.spki_sha256), list


@compiled_for(UUID(int=1), "a key")
def _ordered_with_key(but: UUID, spki_sha256: str) -> Rows:
    others = _sent_besides(but).filter(csrs__spki_sha256=spki_sha256).distinct()
    return Rows(others.order_by("-submitted_at", "-number")[:MOST], "organisation")


def names(application: Application, stand: States) -> Names:
    """Return what is known of the names from other orders, also rejected and withdrawn ones."""
    own, values = application.organisation_id, _values(application)
    found = namesakes(application)
    seen = [
        Namesake(
            order=order,
            standing=stand[order.pk],
            names=[name for name in _values(order) if name in set(values)],
            is_foreign=order.organisation_id != own,
        )
        for order in found[:MOST]
    ]
    return Names(values, seen, is_cut=len(found) > MOST)


def _values(order: Application) -> list[str]:
    """Return the host names of the order, the OID of its system, or its mailbox."""
    if order.kind.has_host_names:
        return [host.name for host in order.host_names.all()]
    return [value for value in (order.system_oid, order.certified_email) if value]


@Question
def namesakes(application: Application) -> Asks[list[Application]]:
    """Return other orders with one of the names: one more than are listed if there are more."""
    own, but = application.organisation_id, application.pk
    if application.kind.has_host_names:
        return _sharing_host(own, but), list
    field = "system_oid" if application.kind.has_system else "certified_email"
    if not (value := getattr(application, field)):
        return Rows(Application.objects.none()), list
    same = _sent_besides(but).filter(order_search.having(value), **{field: value})
    return _foreign_first(same, own), list


@compiled_for(UUID(int=1), UUID(int=2))
def _sharing_host(own: UUID, but: UUID) -> Rows:
    names = HostName.objects.filter(application=but).values("name")
    sharing = HostName.objects.filter(name__in=names).values("application")
    return _foreign_first(_sent_besides(but).filter(pk__in=sharing), own)


def _foreign_first(orders: QuerySet[Application], own: UUID) -> Rows:
    """Return the query for the first of the orders: other organisations', then the newest."""
    is_own = Case(When(organisation=own, then=1), default=0)
    return Rows(orders.order_by(is_own, "-submitted_at", "pk")[: MOST + 1], "organisation")


def sender(application: Application) -> Sender | None:
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
    return Application.objects.exclude(pk=but).exclude(status=Status.DRAFT)
