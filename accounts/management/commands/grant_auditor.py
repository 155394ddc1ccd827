"""`manage.py grant_auditor WHO`: give a person the auditor's role."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import person_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    """Give a person the auditor's role; they must have identified themselves once."""

    help = "Give a person the auditor's role."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        staff_roles.grant_auditor(person, by=None, actor=actor, now=now)
        return _("%(person)s is an auditor") % {"person": f"{person} ({person.pk})"}
