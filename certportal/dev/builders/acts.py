"""Acting as a person, through the real services."""

from collections.abc import Callable
from functools import cache
from inspect import Parameter, signature

from celery import current_app

from accounts.access import actor_for
from accounts.models import Person
from applications.models import Application
from certportal.foundation import clock
from certportal.foundation.models import OutboxItem


def do[Done](
    person: Person, service: Callable[..., Done], /, *about: object, **given: object
) -> Done:
    """Call the service as the person (`act`), then do the workers' follow-up work."""
    done = act(person, service, *about, **given)
    drain()
    return done


def act[Done](
    person: Person, service: Callable[..., Done], /, *about: object, **given: object
) -> Done:
    """Call the service as the person, adding those of its keyword arguments that describe the act.

    These are `person`, `by`, `actor` and `now`. If the first argument is an order, the service gets
    its key instead, and its newest `version`.
    """
    known = {"person": person, "by": person, "actor": actor_for(person), "now": clock.now()}
    if about and isinstance(order := about[0], Application):
        order.refresh_from_db()
        known["version"] = order.version
        about = (order.pk, *about[1:])
    for name, parameter in signature(service).parameters.items():
        if parameter.kind == Parameter.KEYWORD_ONLY and name in known:
            given.setdefault(name, known[name])
    return service(*about, **given)


def drain(most: int = 100) -> list[str]:
    """Do all open work as the workers would, in order; return the topics done."""
    _find_tasks()
    done: list[str] = []
    while items := list(
        OutboxItem.objects.filter(done_at=None, failed_at=None, due_at__lte=clock.now()).order_by(
            "created_at", "due_at"
        )
    ):
        assert len(done) < most, "the work does not end"
        for item in items:
            current_app.tasks[item.task].run(item=str(item.pk))
            done.append(item.topic)
    return done


@cache
def _find_tasks() -> None:
    current_app.autodiscover_tasks(force=True)
