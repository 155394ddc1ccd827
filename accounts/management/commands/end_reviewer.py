from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.rights import staff_roles


class Command(PersonCommand):
    help = "Take the reviewer's role from a person."
    change = staticmethod(staff_roles.end_reviewer)
    done = _("%(person)s is no longer a reviewer")
