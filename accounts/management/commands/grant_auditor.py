from functools import partial

from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.rights import staff_roles


class Command(PersonCommand):
    help = "Give a person the auditor's role."
    change = staticmethod(partial(staff_roles.grant_auditor, by=None))
    done = _("%(person)s is an auditor")
