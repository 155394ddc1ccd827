"""What the commands about people have in common: who is named, and who acts."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError

from certportal.foundation.actors import Actor, system
from certportal.foundation.errors import Refused

NAME = "login, key of the person, or verified e-mail address"


def operator(command: str) -> Actor:
    """Return the actor of a command typed at the server: whoever may type it needs no login."""
    return system(command)


@contextmanager
def refusals_told() -> Iterator[None]:
    """Tell a service's refusal as the command's own error."""
    try:
        yield
    except Refused as refusal:
        raise CommandError(str(refusal)) from refusal
