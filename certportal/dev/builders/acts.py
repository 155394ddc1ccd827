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
    """Call the service as the person (`act`), then do the workers' follow-up work."""
    done = act(person, service, *about, **given)
    orders.drain()
    return done


def act(person: Person, service: Callable[..., Any], *about: Any, **given: Any) -> Any:
    """Call the service as the person, adding those of its keyword arguments that describe the act.

    These are `person`, `by`, `actor` and `now`. If the first argument is an order, the service gets
    its key instead, and its newest `version`.
    """
    known = {"person": person, "by": person, "actor": actor_for(person), "now": clock.now()}
    if about and isinstance(about[0], Application):
        about[0].refresh_from_db()
        known["version"] = about[0].version
        about = (about[0].pk, *about[1:])
    for name, parameter in signature(service).parameters.items():
        if parameter.kind == Parameter.KEYWORD_ONLY and name in known:
            given.setdefault(name, known[name])
    return service(*about, **given)
