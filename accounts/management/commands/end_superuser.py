from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import logins_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    help = "Close the page of staff roles to a person's logins."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        logins = logins_named(*named)
        staff_roles.end_superuser(logins, actor=actor, now=now)
        return "\n".join(
            _("%(person)s is no longer a superuser") % {"person": f"{login} ({login.username})"}
            for login in logins
        )
