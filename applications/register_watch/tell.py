"""Notices to an organisation's administrators about a change in the register."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import Membership
from applications.models.register_task import RegisterTask
from certportal.foundation.outbox import outbox


def enqueue(task: RegisterTask, notice: str, *, now: datetime) -> None:
    """Enqueue the notice to each administrator of the task's organisation."""
    for person in administrators(task):
        outbox.enqueue("register.notice", now=now, task=task.pk, notice=notice, person=str(person))


def administrators(task: RegisterTask) -> Sequence[object]:
    """Return the keys of the account's administrators whose address is verified."""
    memberships = Membership.objects.filter(
        organisation=task.organisation_id, role=Membership.Role.ADMINISTRATOR, ended_at=None
    ).exclude(person__email_verified_at=None)
    return list(memberships.order_by("begun_at").values_list("person_id", flat=True))
