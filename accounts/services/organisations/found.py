"""Founding the customer account of an organisation."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.mandates.protocol import Mandate, mandates
from accounts.models import BusinessId, Membership, Organisation, Person
from accounts.register.lookup import queries
from accounts.register.models import RegisterRecord
from accounts.right_to_act import confirmed_administrators
from accounts.services.people.merge import lock_person
from accounts.services.rights import documents
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Unavailable
from certportal.foundation.files import storing
from certportal.foundation.web import limits

MOST_LOOKUPS_AN_HOUR = 30
MOST_VISITS_AN_HOUR = 10
MOST_FOUNDED_A_DAY, MOST_FOUNDED_A_DAY_FROM = 10, 100


class Finding(StrEnum):
    """Whether an account can be founded for a business ID, and if not, why."""

    FREE = "free"
    TAKEN = "taken"
    MEMBER = "member"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True)
class Prospect:
    """What the registers hold on a business ID, and whether an account may be founded for it."""

    business_id: str
    finding: Finding
    name: str = ""
    kind: str = Organisation.Kind.PROVIDER
    units: tuple[RegisterRecord, ...] = ()
    # Of an existing account: whether it has an administrator whose right is confirmed.
    is_confirmed: bool = True


@dataclass(frozen=True)
class Statement:
    """The founder's own statement of the right to act: a `Membership.Basis` and a description."""

    basis: str
    detail: str = ""


class NotFoundable(Refused):
    """The account cannot be founded; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        """Take the message for the founder from `WORDS`."""
        super().__init__(WORDS[finding])
        self.finding = finding


WORDS = {
    Finding.TAKEN: _("This organisation already has a customer account."),
    Finding.MEMBER: _("You already belong to the customer account of this organisation."),
    Finding.UNKNOWN: _("The organisation was not found in the registers."),
    Finding.ENDED: _("The organisation's registration has ended."),
}


def look_up(person: Person, business_id: str, *, now: datetime) -> Prospect:
    """Return the prospect for this business ID (normalised: 1234567-8), counting the lookup.

    Raises TooMany after `MOST_LOOKUPS_AN_HOUR` lookups of one person.
    """
    hour = timedelta(hours=1)
    limits.spend("founding", str(person.pk), most=MOST_LOOKUPS_AN_HOUR, per=hour, now=now)
    return prospect(person, business_id, on=clock.day(now))


def count_visit(person: Person, *, now: datetime) -> None:
    """Count a visit to the source of mandates. Raises TooMany after `MOST_VISITS_AN_HOUR`."""
    hour = timedelta(hours=1)
    limits.spend("mandates", str(person.pk), most=MOST_VISITS_AN_HOUR, per=hour, now=now)


def prospect(person: Person, business_id: str, *, on: date) -> Prospect:
    """Return the prospect by the existing accounts and by the registers on the given day."""
    holder = BusinessId.holder(business_id)
    if holder is not None:
        memberships = person.memberships.filter(organisation=holder, ended_at=None)
        finding = Finding.MEMBER if memberships.exists() else Finding.TAKEN
        confirmed = bool(confirmed_administrators(holder))
        return Prospect(business_id, finding, is_confirmed=confirmed)
    units = tuple(queries.find_units(business_id, on=on))
    if units:
        return Prospect(business_id, Finding.FREE, units[0].long_name, units=units)
    intermediary = queries.find_intermediary(business_id, on)
    if intermediary is not None and intermediary.is_standing(on):
        kind = Organisation.Kind.INTERMEDIARY
        return Prospect(business_id, Finding.FREE, intermediary.long_name, kind, (intermediary,))
    ended = intermediary is not None or bool(queries.all_units(business_id, on=on))
    return Prospect(business_id, Finding.ENDED if ended else Finding.UNKNOWN)


def found(
    person: Person,
    business_id: str,
    statement: Statement,
    *,
    actor: Actor,
    now: datetime,
    paper: documents.Paper | None = None,
    shown: Mandate | None = None,
) -> Organisation:
    """Create account and make the person its administrator.

    The person's right is unverified until a reviewer confirms it, unless a source of mandates
    confirms it at once. `shown`: what such a source confirmed when the person visited it. `paper`:
    a document that shows the right.

    Raises NotFoundable if the registers do not hold the organisation today, or if the business ID
    has an account, also one created concurrently; TooMany; and the errors of
    `documents.require_fit` and `documents.keep`.
    """
    limits.spend_by(
        "found",
        actor,
        most=MOST_FOUNDED_A_DAY,
        most_from=MOST_FOUNDED_A_DAY_FROM,
        per=timedelta(days=1),
        now=now,
    )
    basis = prospect(person, business_id, on=clock.day(now))
    if basis.finding is not Finding.FREE:
        raise NotFoundable(basis.finding)
    mandate = shown or _mandate(person, business_id, now)
    if paper is not None:
        documents.require_fit(person, paper, actor=actor, now=now)
    try:
        with storing.atomic():
            person = lock_person(person)
            organisation = _insert(person, basis, statement, mandate, actor, now)
            if paper is not None and mandate is None:
                documents.keep(person, organisation, paper, actor=actor, now=now)
            elif mandate is not None:
                documents.let_go(person, paper)
            return organisation
    except IntegrityError as error:
        raise NotFoundable(Finding.TAKEN) from error


def _mandate(person: Person, business_id: str, now: datetime) -> Mandate | None:
    """Ask the source of mandates; None also if it does not answer, since a reviewer can confirm."""
    try:
        return mandates().right(person, business_id, now=now)
    except Unavailable:
        return None


def _insert(
    person: Person,
    basis: Prospect,
    statement: Statement,
    mandate: Mandate | None,
    actor: Actor,
    now: datetime,
) -> Organisation:
    organisation = Organisation.objects.create(
        kind=basis.kind, name=basis.name[:300], founded_at=now, founded_by=person
    )
    BusinessId.objects.create(
        organisation=organisation, code=basis.business_id, valid_from=clock.day(now)
    )
    membership = Membership.objects.create(
        person=person,
        organisation=organisation,
        role=Membership.Role.ADMINISTRATOR,
        basis=mandate.basis if mandate else Membership.Basis.UNVERIFIED,
        basis_note=mandate.detail if mandate else "",
        confirmed_at=now if mandate else None,
        stated_basis=statement.basis,
        basis_detail=statement.detail,
        begun_at=now,
    )
    events.record(
        AccountEvent.ORGANISATION_FOUNDED,
        organisation,
        actor=actor,
        now=now,
        kind=basis.kind,
        stated_basis=statement.basis,
        confirmed=mandate is not None,
        business_id=basis.business_id,
    )
    events.record(AccountEvent.MEMBERSHIP_RECORDED, membership, actor=actor, now=now)
    if mandate is not None:
        name = AccountEvent.MEMBERSHIP_RIGHT_SHOWN
        events.record(name, membership, actor=actor, now=now, mandate=mandate.detail)
    return organisation
