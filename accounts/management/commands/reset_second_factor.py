from django.utils.translation import gettext_lazy as _

from accounts.management.people import PersonCommand
from accounts.services.people import second_factor


class Command(PersonCommand):
    help = "Remove the second factors of a person who has lost them."
    change = staticmethod(second_factor.reset)
    done = _("%(person)s no longer has a second factor")
