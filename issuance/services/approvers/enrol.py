"""Enrolling an approver's passkey, and ending it: part of the ceremony, where the CA's keys are."""

from collections.abc import Collection, Iterator
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _

from accounts import access
from accounts.factors.fingerprint import fingerprint, grouped
from accounts.factors.passkeys import credential_data
from accounts.models import Person
from certportal.foundation import events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import Refused
from issuance.approvers.register import Approver, Register
from issuance.event_names import IssuanceEvent
from issuance.services.approvers import register
from issuance.services.errors import AlreadyThere

ROLE = "reviewer"


class NotEnrolled(Refused):
    """The passkey is not enrolled, or cannot be."""


def enrol(
    person: Person,
    read_out: str,
    *,
    environments: Collection[str],
    operator: str,
    anew: bool = False,
    actor: Actor,
    now: datetime,
) -> Approver:
    """Enrol the reviewer's passkey with the fingerprint that they read out; return its entry.

    The database is not trusted: only a passkey with exactly this fingerprint is enrolled.
    ``anew`` begins another register, after the old one was lost. Raises NotEnrolled, AlreadyThere,
    RegisterUnavailable.
    """
    if not access.is_reviewer(person):
        words = _("%(person)s is no reviewer: grant_reviewer first.")
        raise NotEnrolled(words % {"person": person})
    wanted = grouped(read_out)
    credential = next((c for c in _passkeys(person) if fingerprint(c) == wanted), None)
    if credential is None:
        about, name = events.Subject("person", person.pk), IssuanceEvent.APPROVER_REFUSED
        events.record(name, about, actor, now, refused=True, passkeys=len([*_passkeys(person)]))
        words = _(
            "No passkey of %(person)s has the fingerprint %(wanted)s. Have it read out again."
            " If it is right, the passkey in the database is another one than that in the"
            " reviewer's hand: tell those who answer for security, and enrol nothing."
        )
        raise NotEnrolled(words % {"person": person, "wanted": wanted})
    new = Approver(
        person=str(person.pk),
        role=ROLE,
        environments=tuple(sorted(environments)),
        credential=credential,
        since=now,
        enrolled_by=operator,
    )
    register.change(lambda found: _with(found, new, now), anew=anew, actor=actor, now=now)
    return new


def end(read_out: str, *, operator: str, actor: Actor, now: datetime) -> Approver:
    """End the passkey with this fingerprint; return its entry. Raises NotEnrolled."""
    wanted = grouped(read_out)

    def without(found: Register) -> Register:
        matching = [each for each in found.approvers if each.fingerprint == wanted]
        entry = next((each for each in matching if each.is_in_force(now)), None)
        if entry is None:
            words = _("No passkey in force has the fingerprint %(wanted)s: see list_approvers.")
            raise NotEnrolled(words % {"wanted": wanted})
        return found.without(entry, at=now, by=operator, change=_change("ended", entry))

    changed = register.change(without, actor=actor, now=now)
    return next(e for e in changed.approvers if e.fingerprint == wanted and e.until == now)


def _with(found: Register, new: Approver, now: datetime) -> Register:
    if found.in_force(new.credential_id, now):
        words = _("The passkey %(fingerprint)s is enrolled already.")
        raise AlreadyThere(words % {"fingerprint": new.fingerprint})
    return found.with_approver(new, _change("enrolled", new))


def _change(what: str, entry: Approver) -> dict[str, str]:
    """Return the data of the change's event: ids and the fingerprint."""
    return {
        "act": IssuanceEvent(f"issuance.approver_{what}").value,
        "person": entry.person,
        "fingerprint": entry.fingerprint,
        "environments": " ".join(entry.environments),
    }


def _passkeys(person: Person) -> Iterator[bytes]:
    """Yield the attested credential data of each passkey of the person's logins."""
    rows = Authenticator.objects.filter(
        user__person=person, type=Authenticator.Type.WEBAUTHN
    ).order_by("pk")
    for row in rows:
        if found := credential_data(row):
            yield bytes(found)
