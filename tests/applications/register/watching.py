"""What the nightly look at the registers finds, and a reviewer's decision about it."""

from accounts.models import Person
from applications import services
from applications.models.register_task import RegisterTask
from certportal.dev.builders import orders
from certportal.foundation import clock


def watch() -> list[RegisterTask]:
    """Look at the registers, and return all tasks, the oldest first."""
    services.watch_register(now=clock.now())
    return list(RegisterTask.objects.order_by("pk"))


def decide(
    task: RegisterTask, reviewer: Person, outcome: str, reasons: str = "Perustelut."
) -> RegisterTask:
    """Decide the task as the reviewer does now."""
    return services.decide_register_task(
        task.pk,
        outcome=outcome,
        reasons=reasons,
        person=reviewer,
        actor=orders.actor_for(reviewer),
        now=clock.now(),
    )
