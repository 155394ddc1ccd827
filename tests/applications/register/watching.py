"""What the nightly look at the registers finds, and a reviewer's decision about it."""

from accounts.access import actor_for
from accounts.models import Person
from applications import services
from applications.models.register_task import RegisterTask
from certportal.foundation import clock


def watch() -> list[RegisterTask]:
    """Look at the registers, and return all tasks, the oldest first."""
    services.watch_register(now=clock.now())
    return list(RegisterTask.objects.order_by("pk"))


def decide(
    task: RegisterTask, reviewer: Person, outcome: str, reasons: str = "Perustelut."
) -> RegisterTask:
    """Decide the task as the reviewer does now, and do the worker's part."""
    decided = services.decide_register_task(
        task.pk,
        outcome=outcome,
        reasons=reasons,
        touched=task.certificates.count(),
        person=reviewer,
        actor=actor_for(reviewer),
        now=clock.now(),
    )
    if decided.outcome == RegisterTask.Outcome.REVOKE:
        services.propose_decided(decided.pk, after=0, now=clock.now())
    return decided
