from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.management.people import PeopleCommand
from accounts.services.people import merge
from accounts.services.people.named import person_named
from certportal.foundation.actors import Actor


class Command(PeopleCommand):
    help = "Move the logins, memberships and roles of the person FROM to the person INTO."
    arguments = ("FROM", "INTO")

    def act(self, named: Sequence[str], actor: Actor, now: datetime) -> str:
        gone, into = map(person_named, named)
        merge.merge(gone, into=into, actor=actor, now=now)
        return _("%(gone)s is %(into)s from now on") % {
            "gone": gone.pk,
            "into": f"{into} ({into.pk})",
        }
