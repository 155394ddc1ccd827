"""Who works on a case, and when: take the next one, assign, set aside, hand over, note."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import access
from accounts.models import Person, StaffRole
from applications.errors import NotPossible, require_reasons
from applications.models import Application, CaseNote, SecondLook
from applications.rules import case_holder, impartiality, queue_order, second_look
from applications.services import transition
from applications.services.reviewer.may_act import Case, locked, take
from applications.workflow import Action, ApplicationEvent, Status
from certportal.foundation import clock, events
from certportal.foundation.actors import Actor
from certportal.foundation.errors import NotAllowed
from issuance.models import Approval
from issuance.services.errors import NotReviewer

About = CaseNote.About
SECOND_HOLD = timedelta(minutes=30)
"""So long a case that wants a second person is given to no other: time to look at it in peace."""


class CannotReceive(NotAllowed):
    """The case cannot be handed over to that person."""

    message = _("Choose a reviewer who has no part in the order.")


class NotLead(NotAllowed):
    """The reviewer does not lead the others, and so gives them no cases."""

    message = _("Only who leads the reviewers gives them cases.")


@transaction.atomic
def take_next(*, person: Person, actor: Actor, now: datetime) -> Application | None:
    """Return the case that the reviewer works on next, or None if none waits for them.

    First come the cases that others have approved and that the reviewer can approve as a second
    person; those stay their holder's, and nobody is led to one for `SECOND_HOLD` after that: the
    reviewer who has it neither, so that asking on does not keep it from the others. Then come, by
    promise, the free cases and the reviewer's own that have come back (`queue_order.is_to_take`).
    Such a case is claimed; another reviewer who asks at the same moment gets the one after it.

    Raises NotReviewer.
    """
    if not access.is_reviewer(person):
        raise NotReviewer
    for wanted in queue_order.ordered(_second(person, now)):
        can = not any(Case(wanted, person, now=now).obstacles(Action.APPROVE))
        if can and _looks(wanted, person, now):
            return wanted
    for key in queue_order.ordered(queue_order.to_take(person, now)).values_list("pk", flat=True):
        found = Application.objects.select_for_update(of=("self",), skip_locked=True)
        application = found.filter(queue_order.is_to_take(person, now), pk=key).first()
        if application is not None and not impartiality.bias(person, application, now=now):
            return _claimed(application, person, actor=actor, now=now)
    return None


def _second(person: Person, now: datetime) -> QuerySet[Application]:
    given = Approval.objects.filter(person=person, prepared__state="prepared")
    waiting = Application.objects.filter(queue_order.second_wanted(now))
    return waiting.exclude(pk__in=given.values("prepared__reference"))


def _looks(wanted: Application, person: Person, now: datetime) -> bool:
    """Give the case to the reviewer to look at as a second person, unless somebody has it.

    Whether it wants a second person is asked again under the lock: it may just have got one.
    """
    rows = Application.objects.select_for_update(of=("self",), skip_locked=True)
    if not rows.filter(pk=wanted.pk).exists() or second_look.running(wanted, now=now).exists():
        return False
    if not _second(person, now).filter(pk=wanted.pk).exists():
        return False
    given = {"person": person, "until": now + SECOND_HOLD}
    SecondLook.objects.update_or_create(application=wanted, defaults=given)
    return True


def _claimed(
    application: Application, person: Person, *, actor: Actor, now: datetime
) -> Application:
    """Claim the locked case; what is prepared already is not prepared again."""
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
    """Set one's case aside: until that day it is not the next one. The promise runs on.

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
    """Give one's case to another reviewer, with a note; what is prepared and approved stays so.

    Raises ReasonsMissing, CannotReceive, NotYourCase, Changed.
    """
    require_reasons(note)
    application = take(Action.HAND_OVER, application_id, person, version, now=now)
    receiver = next((one for one in receivers(application, now=now) if one.pk == to), None)
    if receiver is None:
        raise CannotReceive
    _note(application, person, About.HANDED_OVER, note, now, to=receiver)
    from_today = clock.day(now)  # it is their next one, though claimed by them from now on
    return _passed(application, Action.HAND_OVER, receiver, actor, now, aside_until=from_today)


@transaction.atomic
def assign(
    application_ids: Collection[UUID], *, to: UUID, person: Person, actor: Actor, now: datetime
) -> int:
    """Let a lead give free cases to a reviewer; return how many were given.

    Left out is what somebody has taken meanwhile, and what either of the two has a part in. The
    cases are the reviewer's next ones. Raises NotLead, CannotReceive.
    """
    if not access.is_lead(person):
        raise NotLead
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None, person=to)
    receiver = Person.objects.filter(pk__in=roles.values("person")).first()
    if receiver is None:
        raise CannotReceive
    rows = Application.objects.select_for_update(of=("self",), skip_locked=True)
    free = rows.filter(case_holder.free(), status=Status.IN_REVIEW, pk__in=application_ids)
    given = [one for one in free.order_by("pk") if not _has_part(one, (person, receiver), now)]
    fields: dict[str, Any] = {"reviewer": receiver, "claimed_at": now}
    fields["aside_until"] = clock.day(now)
    for application in given:
        data = {"given_to": str(receiver.pk)}
        transition.move(application, Action.CLAIM, actor, now, data=data, **fields)
    return len(given)


def _has_part(application: Application, people: Iterable[Person], now: datetime) -> bool:
    return any(impartiality.bias(one, application, now=now) for one in people)


@transaction.atomic
def take_over(
    application_id: UUID,
    *,
    reason: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Take the case of a colleague who is absent, with a reason; they find it in the history.

    Raises ReasonsMissing, NotPossible where no colleague holds it, Changed.
    """
    require_reasons(reason)
    application = take(Action.TAKE_OVER, application_id, person, version, now=now)
    _note(application, person, About.TAKEN_OVER, reason, now, to=application.reviewer)
    return _passed(application, Action.TAKE_OVER, person, actor, now)


@transaction.atomic
def write_note(
    application_id: UUID,
    *,
    text: str,
    person: Person,
    version: int,
    actor: Actor,
    now: datetime,
) -> Application:
    """Write an internal note on the case. Raises ReasonsMissing, and what says of one's bias."""
    require_reasons(text)
    case = locked(application_id, person, version, now=now)
    if case.bias is not None:
        raise case.bias
    _note(case.application, person, About.CASE, text, now)
    transition.save(case.application, now=now)
    events.record(ApplicationEvent.NOTE, case.application, actor, now)
    return case.application


def receivers(application: Application, *, now: datetime) -> Iterator[Person]:
    """Yield the reviewers who could get the case from its holder, by name."""
    roles = StaffRole.objects.filter(kind=StaffRole.Kind.REVIEWER, ended_at=None)
    people = Person.objects.filter(pk__in=roles.values("person"))
    for one in people.order_by("family_name", "given_name", "pk"):
        if one.pk == application.reviewer_id:
            continue
        if impartiality.bias(one, application, now=now) is None:
            yield one


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
