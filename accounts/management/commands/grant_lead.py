from functools import partial

from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.rights import staff_roles


class Command(PersonCommand):
    help = "Let a reviewer lead the others; they are told of promises about to end."
    change = staticmethod(partial(staff_roles.grant_lead, by=None))
    done = _("%(person)s leads the reviewers")
