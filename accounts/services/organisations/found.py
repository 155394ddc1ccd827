"""Founding the customer account of an organisation."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.mandates.protocol import Mandate, mandates
from accounts.models import BusinessId, Membership, Organisation, Person
from accounts.register import queries
from accounts.register.models import RegisterRecord
from accounts.services import showing
from certportal.foundation import clock, events, limits
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused, Unavailable

MOST_LOOKUPS_AN_HOUR = 30
MOST_FOUNDED_A_DAY, MOST_FOUNDED_A_DAY_FROM = 10, 100


class Finding(StrEnum):
    """What stands in the way of founding, if anything."""

    FREE = "free"
    TAKEN = "taken"
    MEMBER = "member"
    UNKNOWN = "unknown"
    ENDED = "ended"


@dataclass(frozen=True)
class Prospect:
    """What the registers say of a business ID, and whether an account may be founded for it."""

    business_id: str
    finding: Finding
    name: str = ""
    kind: str = Organisation.Kind.PROVIDER
    units: tuple[RegisterRecord, ...] = ()


@dataclass(frozen=True)
class Statement:
    """On what the founder rests the right to act: a stated basis and words about it."""

    basis: str
    detail: str = ""


class NotFoundable(Refused):
    """The account cannot be founded; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        """Word the finding for the founder."""
        super().__init__(WORDS[finding])
        self.finding = finding


WORDS = {
    Finding.TAKEN: _("This organisation already has a customer account."),
    Finding.MEMBER: _("You already belong to the customer account of this organisation."),
    Finding.UNKNOWN: _("The organisation was not found in the registers."),
    Finding.ENDED: _("The organisation's registration has ended."),
}


def look_up(person: Person, business_id: str, *, now: datetime) -> Prospect:
    """Return what an account for this (normalised) business ID would be founded on.

    Raises TooMany when one person goes through many business IDs.
    """
    hour = timedelta(hours=1)
    limits.spend("founding", str(person.pk), most=MOST_LOOKUPS_AN_HOUR, per=hour, now=now)
    return prospect(person, business_id, on=clock.day(now))


def prospect(person: Person, business_id: str, *, on: date) -> Prospect:
    """Judge the business ID by the accounts there are and by the registers on that day."""
    holder = BusinessId.objects.filter(code=business_id, valid_to=None).first()
    if holder is not None:
        mine = person.memberships.filter(organisation=holder.organisation_id, ended_at=None)
        return Prospect(business_id, Finding.MEMBER if mine.exists() else Finding.TAKEN)
    units = tuple(queries.find_units(business_id, on=on))
    if units:
        return Prospect(business_id, Finding.FREE, units[0].long_name, units=units)
    return _without_units(business_id, on)


def found(
    person: Person,
    business_id: str,
    statement: Statement,
    *,
    actor: Actor,
    now: datetime,
    paper: showing.Paper | None = None,
) -> Organisation:
    """Found the account and make the person its administrator.

    Their right stays unverified, for a reviewer to confirm, unless a source of mandates knows it;
    `paper` is a document that shows it. Raises NotFoundable when the registers do not know the
    organisation today, or when another account for the business ID exists or is being founded at
    this very moment; TooMany; for the paper what `showing.require_fit` and `showing.keep` raise.
    """
    limits.spend_by(
        "found",
        actor,
        most=MOST_FOUNDED_A_DAY,
        most_from=MOST_FOUNDED_A_DAY_FROM,
        per=timedelta(days=1),
        now=now,
    )
    today = clock.day(now)
    basis = prospect(person, business_id, on=today)
    if basis.finding is not Finding.FREE:
        raise NotFoundable(basis.finding)
    mandate = _mandate(person, business_id, now)
    if paper is not None:
        showing.require_fit(person, paper, actor=actor, now=now)
    try:
        with transaction.atomic():
            organisation = _insert(person, basis, statement, mandate, actor, now)
            if paper is not None and mandate is None:
                showing.keep(person, organisation, paper, actor=actor, now=now)
            return organisation
    except IntegrityError as error:
        raise NotFoundable(Finding.TAKEN) from error


def _mandate(person: Person, business_id: str, now: datetime) -> Mandate | None:
    """Ask the source of mandates; one that is down stops nobody, since a reviewer can confirm."""
    try:
        return mandates().right(person, business_id, now=now)
    except Unavailable:
        return None


def _without_units(business_id: str, on: date) -> Prospect:
    """Judge an organisation that has no standing unit: an intermediary, an ended one, or none."""
    intermediary = queries.find_intermediary(business_id, on)
    if intermediary is not None and intermediary.is_standing(on):
        kind = Organisation.Kind.INTERMEDIARY
        return Prospect(business_id, Finding.FREE, intermediary.long_name, kind, (intermediary,))
    ended = intermediary is not None or bool(queries.all_units(business_id, on=on))
    return Prospect(business_id, Finding.ENDED if ended else Finding.UNKNOWN)


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
    Membership.objects.create(
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
        "organisation.founded",
        actor=actor,
        now=now,
        object_type="organisation",
        object_id=organisation.pk,
        organisation_id=organisation.pk,
        data={
            "kind": basis.kind,
            "stated_basis": statement.basis,
            "confirmed": mandate is not None,
        },
    )
    return organisation
