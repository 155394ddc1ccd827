"""`manage.py grant_lead WHO`: let a reviewer lead the others."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import person_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    """Let a reviewer lead the others; they are told of promises about to end."""

    help = "Let a reviewer lead the others; they are told of promises about to end."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        staff_roles.grant_lead(person, by=None, actor=actor, now=now)
        return _("%(person)s leads the reviewers") % {"person": f"{person} ({person.pk})"}
