"""`manage.py reset_second_factor WHO`: remove the second factors of a person who lost them."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people import second_factor
from accounts.services.people.named import person_named
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    help = "Remove the second factors of a person who has lost them."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        second_factor.reset(person, actor=actor, now=now)
        return _("%(person)s has no second factor any more") % {"person": f"{person} ({person.pk})"}
