"""The base classes of the commands about people and their roles."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from django.core.management.base import CommandParser
from django.utils.functional import Promise

from accounts.models import Person
from accounts.services.people.named import person_named
from certportal.foundation import clock
from certportal.foundation.actors import Actor, system
from certportal.foundation.management.operators import OperatorCommand

NAME = "login, key of the person, or verified e-mail address"


class PeopleCommand(OperatorCommand):
    """Acts on the people named in its arguments.

    The actor of the events is the command: whoever can run it on the server needs no login.
    """

    arguments: Sequence[str] = ("who",)

    def add_arguments(self, parser: CommandParser) -> None:
        for argument in self.arguments:
            parser.add_argument(argument, help=NAME)

    def handle(self, *args: Any, **options: Any) -> None:
        actor = system(type(self).__module__.rpartition(".")[2])
        named = [options[argument] for argument in self.arguments]
        self.stdout.write(self.act(named, actor, clock.now()))

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        """Carry out the command and return what to print; overridden by each command."""
        raise NotImplementedError


class Change(Protocol):
    """A service that changes what a person is or has."""

    def __call__(self, person: Person, *, actor: Actor, now: datetime) -> object: ...


class PersonCommand(PeopleCommand):
    """Has one service change what the named person is or has, such as a role of the staff."""

    change: ClassVar[Change]
    done: ClassVar[Promise]  # with %(person)s

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        type(self).change(person, actor=actor, now=now)
        return str(self.done) % {"person": f"{person} ({person.pk})"}
