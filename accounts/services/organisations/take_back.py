"""Taking back one's own open requests about an account: to be invited, and to administer it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.event_names import AccountEvent
from accounts.models import AdministratorRequest, JoinRequest, Organisation, Person
from accounts.services import mailing
from accounts.services.organisations import membership as members
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Stale


class NothingOpen(Stale):
    message = _("You no longer have an open request about this account.")


@dataclass(frozen=True, slots=True)
class Open:
    """A person's open requests about an account."""

    joining: JoinRequest | None
    administering: AdministratorRequest | None

    def __bool__(self) -> bool:
        return bool(self.joining or self.administering)

    @property
    def business_id(self) -> str:
        asked = self.joining or self.administering
        return asked.organisation.business_id if asked is not None else ""


def open_requests(person: Person, organisation: Organisation) -> Open:
    joining = organisation.join_requests.filter(person=person, settled_at=None)
    administering = organisation.administrator_requests.filter(person=person, decided_at=None)
    return Open(joining.first(), administering.first())


def open_anywhere(person: Person) -> list[Open]:
    """Return the person's open requests, by account."""
    asked = person.join_requests.filter(settled_at=None).select_related("organisation")
    joining = {each.organisation_id: each for each in asked}
    wanted = person.administrator_requests.filter(decided_at=None).select_related("organisation")
    administering = {each.organisation_id: each for each in wanted}
    return [Open(joining.get(key), administering.get(key)) for key in joining | administering]


@transaction.atomic
def take_back(person: Person, organisation: Organisation, *, actor: Actor, now: datetime) -> None:
    """Take back all open requests of the person about the account.

    The rows stay, because asking ties the person to the organisation for a time
    (`accounts.disqualification`). Administrators who were told of a request to the authority are
    told that it was taken back. Raises NothingOpen.
    """
    members.lock_account(organisation.pk)
    found = open_requests(person, organisation)
    if not found:
        raise NothingOpen
    if found.joining is not None:
        found.joining.settled_at = now
        found.joining.save(update_fields=["settled_at"])
        events.record(AccountEvent.JOIN_REQUEST_TAKEN_BACK, found.joining, actor=actor, now=now)
    if found.administering is not None:
        _take_back(found.administering, person, actor, now)


def _take_back(asked: AdministratorRequest, person: Person, actor: Actor, now: datetime) -> None:
    """Close the request with the requester as decider, who could not decide it otherwise."""
    locked = AdministratorRequest.objects.select_for_update().get(pk=asked.pk)
    if locked.decided_at is not None:
        raise NothingOpen
    locked.decided_by, locked.decided_at = person, now
    locked.save(update_fields=["decided_by", "decided_at"])
    events.record(AccountEvent.ADMINISTRATOR_REQUEST_TAKEN_BACK, locked, actor=actor, now=now)
    mailing.tell_administrators(locked.organisation, "administrator_decided", locked, now=now)
