"""Who is tied to an organisation, and so disqualified from decisions about it.

Disqualification of officials: Administrative Procedure Act (hallintolaki, 434/2003), section 28.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from accounts.models import (
    AdministratorRequest,
    BelongsTo,
    JoinRequest,
    Membership,
    Organisation,
    Person,
    SupplierConsent,
)
from certportal.foundation.database.combined_queries import Values, compiled_for
from certportal.foundation.database.prepared_statements import Among


def is_tied(person: Person, organisation_id: UUID | str, *, since: datetime) -> bool:
    """Whether the person is tied to the organisation (`ties`)."""
    return bool(tied(person.pk, UUID(str(organisation_id)), since).alone())


@compiled_for(UUID(int=1), UUID(int=2), datetime.min.replace(tzinfo=UTC))
def tied(person: UUID, organisation_id: UUID, since: datetime) -> Values:
    """Return the person's key if they are tied to the organisation, else nothing."""
    found = Person.objects.filter(ties(person, organisation_id, since=since), pk=person)
    return Values(found.values_list("pk"))


def tied_to(
    person: Person, organisations: Iterable[UUID], *, since: datetime
) -> QuerySet[Organisation]:
    """Return those of the organisations to which the person is tied (`ties`), in one query."""
    own = ties(person.pk, OuterRef("pk"), since=since)
    return Organisation.objects.filter(Among("pk", "uuid", organisations), own)


def ties(
    person: UUID | OuterRef, organisation_id: UUID | str | OuterRef, *, since: datetime | Combinable
) -> Q:
    """Return the condition that the person is tied to the organisation; for use in a query.

    That is: they were a member after `since`, also of a supplier that had the organisation's
    consent after `since`; or they asked after `since` to be invited or made administrator, or still
    wait for an answer. What persons merged into this one did counts too, and what they were to an
    organisation that this one succeeded.
    """
    own = Q(person=person) | Q(person__merged_into=person)
    lately = Q(asked_at__gt=since)
    concerned = BelongsTo("organisation", organisation_id)
    joining = JoinRequest.objects.filter(own, lately | Q(settled_at=None), concerned)
    administering = AdministratorRequest.objects.filter(own, lately | Q(decided_at=None), concerned)
    members = _recent_memberships(person, organisation_id, since=since)
    supplying = _supplying(person, organisation_id, since=since)
    return Q(Exists(members)) | Q(Exists(supplying)) | Q(Exists(joining)) | Q(Exists(administering))


def _supplying(
    person: UUID | OuterRef, organisation_id: UUID | str | OuterRef, *, since: datetime | Combinable
) -> QuerySet[SupplierConsent]:
    """Return the organisation's consents that the person's suppliers had after `since`."""
    own = Q(supplier__memberships__person=person)
    own |= Q(supplier__memberships__person__merged_into=person)
    left = Q(supplier__memberships__ended_at=None) | Q(supplier__memberships__ended_at__gt=since)
    held = Q(ended_at=None) | Q(ended_at__gt=since)
    given = BelongsTo("customer", organisation_id)
    first_day = TruncDate(Value(since)) if isinstance(since, datetime) else since
    return SupplierConsent.objects.filter(own & left, held, given, until__gte=first_day)


def _recent_memberships(
    person: UUID | OuterRef, organisation_id: UUID | str | OuterRef, *, since: datetime | Combinable
) -> QuerySet[Membership]:
    """Return the memberships that are current or ended after `since`; also usable in a subquery.

    Those of persons merged into this one count too.
    """
    own = Q(person=person) | Q(person__merged_into=person)
    lately = Q(ended_at=None) | Q(ended_at__gt=since)
    return Membership.objects.filter(own, lately, BelongsTo("organisation", organisation_id))
