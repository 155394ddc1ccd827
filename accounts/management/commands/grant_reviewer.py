from functools import partial

from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.rights import staff_roles


class Command(PersonCommand):
    help = "Give a person the reviewer's role."
    change = staticmethod(partial(staff_roles.grant_reviewer, by=None))
    done = _("%(person)s is a reviewer")
