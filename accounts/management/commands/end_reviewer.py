"""`manage.py end_reviewer WHO`: take the reviewer's role away."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import person_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    """Take the reviewer's role from a person; their access to the console ends at once."""

    help = "Take the reviewer's role from a person."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        staff_roles.end_reviewer(person, actor=actor, now=now)
        return _("%(person)s is no reviewer any more") % {"person": f"{person} ({person.pk})"}
