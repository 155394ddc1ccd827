"""Acting as a person, through the real services."""

from collections.abc import Callable
from inspect import Parameter, signature
from typing import Any

from accounts.access import actor_for
from accounts.models import Person
from applications.models import Application
from certportal.dev.builders import orders
from certportal.foundation import clock


def do(person: Person, service: Callable[..., Any], *about: Any, **given: Any) -> Any:
    """Let the person `act`, and the workers do what follows."""
    done = act(person, service, *about, **given)
    orders.drain()
    return done


def act(person: Person, service: Callable[..., Any], *about: Any, **given: Any) -> Any:
    """Call the service now as the person: it is told of them what it takes.

    An order is named by its key, and the person has seen its newest version.
    """
    told = {"person": person, "by": person, "actor": actor_for(person), "now": clock.now()}
    if about and isinstance(about[0], Application):
        about[0].refresh_from_db()
        told["version"] = about[0].version
        about = (about[0].pk, *about[1:])
    for name, parameter in signature(service).parameters.items():
        if parameter.kind == Parameter.KEYWORD_ONLY and name in told:
            given.setdefault(name, told[name])
    return service(*about, **given)
