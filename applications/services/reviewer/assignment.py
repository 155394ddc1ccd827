"""Who works on a case, and when: take the next one, assign, set aside, hand over, note."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person, StaffRole
from applications.errors import Erased, NotPossible, require_reasons
from applications.models import Application, CaseNote, SecondLook
from applications.rules import case_holder, impartiality, queue_order
from applications.services import transition
from applications.services.reviewer.may_act import Case, locked, take
from applications.workflow import Action, ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed

About = CaseNote.About
SECOND_HOLD = timedelta(minutes=30)
"""How long a case that needs a second approval is reserved for the reviewer who was given it."""


class CannotReceive(NotAllowed):
    message = _("Choose a reviewer who has no part in the order.")


class NotLead(NotAllowed):
    message = _("Only the lead of the reviewers gives them cases.")


@transaction.atomic
def take_next(
    *, person: Person, actor: Actor, now: datetime, opened: datetime | None = None
) -> Application | None:
    """Return the case that the reviewer works on next, or None if none waits for them.

    First come the cases that others have approved and that the reviewer can approve as a second
    person. Their holder does not change, and such a case is offered to nobody again for
    `SECOND_HOLD`, not even to the same reviewer, so that repeated calls do not reserve it for
    longer. Then come, by promised day, free cases and the reviewer's own that have come back
    (`queue_order.is_to_take`). Such a case is claimed; a concurrent call gets the next one.
    `opened`: when the page with the button was opened. A case that the reviewer has taken after
    that, as in another window, and that still waits for them, is the next one.

    Raises NotReviewer.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)  # one press after the other
    taken = _taken_since(opened, person, now) if opened else None
    taken = taken or _taken(person, actor=actor, now=now)
    impartiality.require_reviewer(person)  # to look through many cases takes its time
    return taken


def _taken_since(opened: datetime, person: Person, now: datetime) -> Application | None:
    mine = Q(reviewer=person, claimed_at__gt=opened, aside_until=None, status=Status.IN_REVIEW)
    held = Q(second_look__person=person, second_look__until__gt=min(opened, now) + SECOND_HOLD)
    waiting = mine | held & queue_order.second_wanted(now)
    return Application.objects.filter(waiting & ~queue_order.approved_by(person, now)).first()


def _taken(person: Person, *, actor: Actor, now: datetime) -> Application | None:
    for case in queue_order.ordered(_awaiting_second(person, now)):
        can = not any(Case(case, person, now=now).obstacles(Action.APPROVE))
        if can and _reserve(case, person, now):
            return case
    waiting = Application.objects.filter(queue_order.is_to_take(person, now))
    for key in queue_order.ordered(waiting).values_list("pk", flat=True):
        unlocked = Application.objects.select_for_update(of=("self",), skip_locked=True)
        application = unlocked.filter(queue_order.is_to_take(person, now), pk=key).first()
        if application is not None and not impartiality.bias(person, application, now=now):
            return _claimed(application, person, actor=actor, now=now)
    return None


def _awaiting_second(person: Person, now: datetime) -> QuerySet[Application]:
    wanted, approved = queue_order.second_wanted(now), queue_order.approved_by(person, now)
    return Application.objects.filter(wanted & ~approved)


def _reserve(case: Application, person: Person, now: datetime) -> bool:
    """Reserve the case for the reviewer as second person, unless it is reserved already.

    Whether it needs a second person is checked again under the lock.
    """
    rows = Application.objects.select_for_update(of=("self",), skip_locked=True)
    if not rows.filter(pk=case.pk).exists() or case_holder.running(case, now=now).exists():
        return False
    if not _awaiting_second(person, now).filter(pk=case.pk).exists():
        return False
    reservation = {"person": person, "until": now + SECOND_HOLD}
    SecondLook.objects.update_or_create(application=case, defaults=reservation)
    return True


def _claimed(
    application: Application, person: Person, *, actor: Actor, now: datetime
) -> Application:
    """Claim the locked case; a certificate that is prepared already is not prepared again."""
    fields: dict[str, Any] = {"reviewer": person, "claimed_at": now, "aside_until": None}
    if Case(application, person, now=now).obstacles_to_prepare():
        transition.save(application, now=now, **fields)
        events.record(ApplicationEvent.CLAIM, application, actor, now)
        return application
    return transition.move(application, Action.CLAIM, actor, now, **fields)


@transaction.atomic
def set_aside(
    application_id: UUID,
    *,
    until: date,
    reason: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Set the reviewer's case aside: until that day it is not taken next. The promise runs on.

    Raises ReasonsMissing, NotPossible for a day that is not after today, NotYourCase, Changed.
    """
    require_reasons(reason)
    if until <= clock.day(now):
        raise NotPossible
    application = take(Action.SET_ASIDE, application_id, person, version, now=now)
    _note(application, person, About.SET_ASIDE, reason, now)
    data = {"until": until.isoformat()}
    return transition.move(application, Action.SET_ASIDE, actor, now, data=data, aside_until=until)


@transaction.atomic
def hand_over(
    application_id: UUID,
    *,
    to: UUID,
    note: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Hand the case over to another reviewer, with a note; the prepared certificate stays valid.

    Raises ReasonsMissing, CannotReceive, NotYourCase, Changed.
    """
    require_reasons(note)
    application = take(Action.HAND_OVER, application_id, person, version, now=now)
    receiver = next(
        (reviewer for reviewer in receivers(application, now=now) if reviewer.pk == to), None
    )
    if receiver is None:
        raise CannotReceive
    _note(application, person, About.HANDED_OVER, note, now, to=receiver)
    from_today = clock.day(now)  # so that it is the receiver's next case
    return _passed(application, Action.HAND_OVER, receiver, actor, now, aside_until=from_today)


@transaction.atomic
def assign(
    application_ids: Collection[UUID], *, to: UUID, person: Person, actor: Actor, now: datetime
) -> int:
    """Assign free cases to a reviewer, as their lead; return how many were assigned.

    Skips cases that somebody has taken meanwhile and cases in which either of the two has a part.
    The cases become the reviewer's next ones. Raises NotLead, CannotReceive.
    """
    rows = Application.objects.select_for_update(of=("self",), skip_locked=True)
    free = rows.filter(case_holder.free(), status=Status.IN_REVIEW, pk__in=application_ids)
    locked = list(free.order_by("pk"))
    if not access.is_lead(person):
        raise NotLead
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None, person=to)
    receiver = Person.objects.filter(pk__in=roles.values("person")).first()
    if receiver is None:
        raise CannotReceive
    assigned = [case for case in locked if not _has_part(case, (person, receiver), now)]
    fields: dict[str, Any] = {"reviewer": receiver, "claimed_at": now}
    fields["aside_until"] = clock.day(now)
    for application in assigned:
        data = {"given_to": str(receiver.pk)}
        transition.move(application, Action.CLAIM, actor, now, data=data, **fields)
    return len(assigned)


def _has_part(application: Application, people: Iterable[Person], now: datetime) -> bool:
    return any(impartiality.bias(person, application, now=now) for person in people)


@transaction.atomic
def take_over(
    application_id: UUID, *, reason: str, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Take over the case of an absent colleague, with a reason that the history shows.

    Raises ReasonsMissing, NotPossible where no colleague holds it, Changed.
    """
    require_reasons(reason)
    application = take(Action.TAKE_OVER, application_id, person, version, now=now)
    _note(application, person, About.TAKEN_OVER, reason, now, to=application.reviewer)
    return _passed(application, Action.TAKE_OVER, person, actor, now)


@transaction.atomic
def write_note(
    application_id: UUID, *, text: str, person: Person, version: int, actor: Actor, now: datetime
) -> Application:
    """Write an internal note. Raises ReasonsMissing, Changed, Erased, and a reviewer's bias."""
    require_reasons(text)
    case = locked(application_id, person, version, now=now)
    if case.bias is not None:
        raise case.bias
    if case.application.erased_at is not None:
        raise Erased
    _note(case.application, person, About.CASE, text, now)
    transition.save(case.application, now=now)
    events.record(ApplicationEvent.NOTE, case.application, actor, now)
    return case.application


def receivers(application: Application, *, now: datetime) -> Iterator[Person]:
    """Yield the reviewers who could get the case from its holder, by name."""
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    people = Person.objects.filter(pk__in=roles.values("person"))
    for reviewer in people.order_by("family_name", "given_name", "pk"):
        if reviewer.pk == application.reviewer_id:
            continue
        if impartiality.bias(reviewer, application, now=now) is None:
            yield reviewer


def _passed(
    application: Application,
    action: Action,
    to: Person,
    actor: Actor,
    now: datetime,
    aside_until: date | None = None,
) -> Application:
    data = {"given_to": str(to.pk), "taken_from": str(application.reviewer_id)}
    fields: dict[str, Any] = {"reviewer": to, "claimed_at": now, "aside_until": aside_until}
    return transition.move(application, action, actor, now, data=data, **fields)


def _note(
    application: Application,
    person: Person,
    about: CaseNote.About,
    text: str,
    now: datetime,
    to: Person | None = None,
) -> None:
    CaseNote.objects.create(
        application=application, person=person, about=about, to=to, text=text, at=now
    )
