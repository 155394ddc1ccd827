"""`manage.py lift_order_numbers`: after a restore, no number is given again."""

from typing import Any

from django.utils.translation import gettext as _

from applications.services import order_numbers
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Part of restoring; see docs/backup.md."""

    help = "Raise the next order number above the highest in database, file and CA journal."

    def handle(self, *args: Any, **options: Any) -> None:
        words = _("Order numbers go on from %(number)s.")
        self.stdout.write(words % {"number": order_numbers.lift()})
