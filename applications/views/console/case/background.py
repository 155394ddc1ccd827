"""The newest orders and certificates of an organisation, shown with a case and on other pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from applications.access import certificates_of_account
from applications.models import Application
from applications.views.shared.rows import Condition, condition, standings
from applications.workflow import Status
from certportal.foundation.database.combined_queries import Asks, Question, Rows, compiled_for
from certportal.foundation.database.related_rows import parts_of_each
from issuance.models import Certificate

MOST = 10
"""The most orders or certificates that are listed; the page says if there are more."""


@dataclass(frozen=True, slots=True)
class Newest[T]:
    """The newest rows with their states; `is_cut`: there are older ones."""

    rows: Sequence[tuple[T, Condition]]
    is_cut: bool


def together(application: Application) -> list[Application]:
    """Return the other submitted orders of the same bulk order, by number."""
    if application.bulk_order_id is None:
        return []
    others = Application.objects.filter(bulk_order=application.bulk_order_id)
    return list(others.exclude(pk=application.pk).exclude(status=Status.DRAFT).order_by("number"))


@Question
def earlier(application: Application) -> Asks[list[Application]]:
    """Return the organisation's other submitted orders, newest first, one more than are listed."""
    return _earlier(application.organisation_id, application.pk), list


@compiled_for(UUID(int=1), UUID(int=2))
def _earlier(organisation: UUID, but: UUID) -> Rows:
    return submitted(Application.objects.filter(organisation=organisation).exclude(pk=but))


def submitted(orders: QuerySet[Application]) -> Rows:
    """Return the query for the newest submitted ones among the orders, and one more."""
    sent = orders.exclude(submitted_at=None).order_by("-submitted_at", "-number")
    return Rows(sent[: MOST + 1], "organisation")


def newest_orders(found: Sequence[Application], *, now: datetime) -> Newest[Application]:
    """Return the orders that `submitted` found, with their states, names and decisions."""
    shown = (*parts_of_each(found, "host_names"), *parts_of_each(found, "decisions"))
    return with_states(found, standings(found, *shown, now=now))


def with_states(
    found: Sequence[Application], stand: Mapping[UUID, Condition]
) -> Newest[Application]:
    """Return the orders that `submitted` found, with their states by key."""
    return Newest([(order, stand[order.pk]) for order in found[:MOST]], len(found) > MOST)


def certificates(application: Application, *, now: datetime) -> Newest[Certificate]:
    """Return the organisation's certificates with their states, newest first."""
    return newest_certificates(of_account(application.organisation_id).alone(), now=now)


def of_account(organisation_id: UUID) -> Rows:
    """Return the query for the newest certificates of an organisation, and one more."""
    return issued(certificates_of_account(organisation_id))


def issued(certificates: QuerySet[Certificate]) -> Rows:
    """Return the query for the newest of the certificates, and one more."""
    return Rows(certificates.order_by("-issued_at")[: MOST + 1])


def newest_certificates(found: Sequence[Certificate], *, now: datetime) -> Newest[Certificate]:
    """Return the certificates that `issued` found, with their states."""
    rows = [(certificate, condition(certificate, now=now)) for certificate in found[:MOST]]
    return Newest(rows, len(found) > MOST)
