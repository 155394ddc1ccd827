"""Notices to an organisation's administrators about a change in the register."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from accounts.models import Membership, Person
from accounts.right_to_act import is_shown
from applications.access import acting
from applications.models import Application
from applications.models.register_task import RegisterTask
from certportal.foundation.outbox import outbox

FEW = 20
"""More notices than this are sent at the sweeper's pace: people who wait for a mail come first."""


def enqueue(tasks: Sequence[RegisterTask], notice: str, *, now: datetime) -> None:
    """Enqueue the notice to each administrator of each task's organisation."""
    notices = [
        {"task": task.pk, "notice": notice, "person": str(person)}
        for task, person in _administrators(tasks)
    ]
    outbox.enqueue_all("register.notice", notices, now=now, paced=len(notices) > FEW)


def reads(task: RegisterTask, person: Person) -> bool:
    """Whether the person still acts for the task's organisation, and may know its certificates."""
    membership = acting(person, task.organisation_id)
    return membership is not None and (is_shown(membership) or _senders(task) == {person.pk})


def _administrators(tasks: Sequence[RegisterTask]) -> Iterator[tuple[RegisterTask, object]]:
    """Yield each task with the keys of the account's administrators whose address is verified.

    One whose right to act is not confirmed is included only if all the task's certificates are of
    their own orders: they see no others.
    """
    memberships = Membership.objects.filter(
        organisation__in={task.organisation_id for task in tasks},
        role=Membership.Role.ADMINISTRATOR,
        ended_at=None,
    ).exclude(person__email_verified_at=None)
    found = defaultdict[object, list[tuple[object, bool]]](list)
    for each in memberships.order_by("begun_at").select_related("person", "organisation"):
        found[each.organisation_id].append((each.person_id, is_shown(each)))
    for task in tasks:
        theirs = found[task.organisation_id]
        senders = set() if all(sees_all for _, sees_all in theirs) else _senders(task)
        for person, sees_all in theirs:
            if sees_all or senders == {person}:
                yield task, person


def _senders(task: RegisterTask) -> set[object]:
    """Return the keys of those who sent the orders of the task's certificates."""
    references = task.certificates.values("reference")
    orders = Application.objects.filter(pk__in=references).select_related("submission__person")
    return {order.submission.person.current.pk for order in orders if order.submission}
