"""Who has a part in an order and is therefore disqualified from it (hallintolaki 28 §)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from django.db.models import TextField, Value
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.disqualification import tied_to
from accounts.models import Person
from applications.models import Addition, Application, Attachment, ContactLink, Csr, Submission
from certportal.foundation.database.combined_queries import Asks, Question, Values, compiled_for
from certportal.foundation.database.prepared_statements import Among
from certportal.foundation.errors import NotAllowed
from certportal.foundation.text.mail_addresses import address_mark
from issuance.services.concerned import own_marks
from issuance.services.errors import Concerned, NotReviewer, OwnOrganisation, OwnOrganisationLately

ADDRESSES = ("contact_email", "technical_email", "deputy_email", "mailbox", "certified_email")


class PartInAnOrder(Concerned):
    message = _(
        "You have a part in an order of this organisation that the decision concerns, so another"
        " reviewer must make it."
    )


class PartInAll(Concerned):
    message = _(
        "You have a part in all the orders of this plan, so other reviewers must approve it."
    )


@Question
def traces(application: Application) -> Asks[frozenset[str]]:
    """Return the marks that identify everybody with a part in the order.

    `person:` and the person's key identifies whoever began or sent the order, added information,
    or uploaded a file; `address:` and the SHA-256 of the mailbox (`address_mark`) identifies the
    contact person, technical contact, deputy, link holders and recipients. The CA stores the marks
    with the prepared certificate and rejects approvals by these persons.
    """
    return _written_by([application.pk]), lambda rows: _marks([application], rows)[application.pk]


def traces_of(applications: Iterable[Application]) -> dict[UUID, frozenset[str]]:
    """Return the `traces` of many orders by their keys, with as few queries as for one."""
    orders = list(applications)
    return _marks(orders, _written_by([order.pk for order in orders]).alone())


def _marks(
    applications: Iterable[Application], written_by: Iterable[tuple[UUID, str, str]]
) -> dict[UUID, frozenset[str]]:
    by_key = {application.pk: application for application in applications}
    marks: defaultdict[UUID, set[str]] = defaultdict(set)
    for key, application in by_key.items():
        marks[key].add(f"person:{application.created_by_id}")
        addresses = [getattr(application, name) for name in ADDRESSES]
        marks[key].update(address_mark(address) for address in addresses if address)
    for key, kind, value in written_by:
        if kind == "person":
            marks[key].add(f"person:{value}")
        else:
            marks[key].add(address_mark(value) if kind == "address" else value)
    return {key: frozenset(marks[key]) for key in by_key}


@compiled_for([UUID(int=0)])
def _written_by(orders: Collection[UUID]) -> Values:
    """Return who began, sent, added, uploaded or was given a link to the orders, in one query.

    Each is a person's key (also of whom the person was merged into), a mark, or an address.
    """
    # Attaching a document to a hearing gives a reviewer no part in the order.
    of_applicant = Attachment.objects.exclude(kind=Attachment.Kind.HEARING)
    first, *others = (
        rows.filter(Among(order, "uuid", orders))
        .annotate(mark_kind=Value(kind), mark=Cast(column, TextField()))
        .filter(mark__gt="")
        .order_by()
        .values_list(order, "mark_kind", "mark")
        for kind, rows, column, order in (
            ("person", Application.objects, "created_by__merged_into", "pk"),
            ("person", Submission.objects, "person", "application_id"),
            ("person", Submission.objects, "person__merged_into", "application_id"),
            ("person", Addition.objects, "person", "application_id"),
            ("person", Addition.objects, "person__merged_into", "application_id"),
            ("mark", Csr.objects, "uploaded_by", "application_id"),
            ("mark", of_applicant, "uploaded_by", "application_id"),
            ("address", ContactLink.objects, "email", "application_id"),
        )
    )
    return Values(first.union(*others), 3)


def parts(person: Person, applications: Iterable[Application]) -> list[Application]:
    """Return the orders in which the person has a part; takes few queries for many orders."""
    orders, marks = list(applications), own_marks(person)
    traces_by_order = traces_of(orders)
    return [order for order in orders if marks & traces_by_order[order.pk]]


def bias(person: Person, application: Application, *, now: datetime) -> NotAllowed | None:
    """Return the error that says why the reviewer is disqualified from the case, or None.

    A reviewer is disqualified if they are or recently were a member of the organisation
    (`accounts.access.is_partial`), or have a part in the order (hallintolaki 28 §). The CA does not
    count such a person's approval, so they do not handle the case at all.
    """
    if partial := partiality(person, application.organisation_id, now=now):
        return partial
    return Concerned() if own_marks(person) & traces(application) else None


def partiality(person: Person, organisation_id: UUID, *, now: datetime) -> NotAllowed | None:
    """Return the error for a person who belongs, or recently belonged, to the organisation."""
    is_partial = access.is_partial(person, organisation_id, now=now)
    return _tie(person, organisation_id) if is_partial else None


def partialities(
    person: Person, organisations: Iterable[UUID], *, now: datetime
) -> Iterator[NotAllowed]:
    """Yield the error of `partiality` for each of many organisations that has one."""
    for organisation in tied_to(person, organisations, since=now - access.ESTRANGED):
        yield _tie(person, organisation.pk)


def _tie(person: Person, organisation_id: UUID) -> NotAllowed:
    member = access.is_member(person, organisation_id)
    return OwnOrganisation() if member else OwnOrganisationLately()


def require_reviewer(person: Person) -> None:
    """Raise NotReviewer unless the person holds the role until the transaction ends.

    A service calls it where it writes, since the role may be taken after the view admitted them.
    """
    person.keep()
    if not access.is_reviewer(person):
        raise NotReviewer


def to_review(person: Person, application: Application, *, now: datetime) -> Iterator[NotAllowed]:
    """Yield why the person may not act on the order as a reviewer."""
    if not access.is_reviewer(person):
        yield NotReviewer()
    if biased := bias(person, application, now=now):
        yield biased
