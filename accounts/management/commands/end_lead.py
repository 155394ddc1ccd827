from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.rights import staff_roles


class Command(PersonCommand):
    help = "Take the lead's role from a reviewer, who stays one."
    change = staticmethod(staff_roles.end_lead)
    done = _("%(person)s no longer leads the reviewers")
