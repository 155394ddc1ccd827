"""`manage.py end_lead WHO`: take the lead's role from a reviewer, who stays one."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import person_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    """Take the lead's role from a person, who remains a reviewer."""

    help = "Take the lead's role from a reviewer, who stays one."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        person = person_named(*named)
        staff_roles.end_lead(person, actor=actor, now=now)
        return _("%(person)s does not lead the reviewers any more") % {
            "person": f"{person} ({person.pk})"
        }
