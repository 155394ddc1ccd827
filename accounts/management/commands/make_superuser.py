from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people.named import login_named
from accounts.services.rights import staff_roles
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    help = "Open the page of staff roles to a person's login."

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        login = login_named(*named)
        staff_roles.make_superuser(login, actor=actor, now=now)
        return _("%(person)s is a superuser") % {"person": f"{login} ({login.username})"}
