"""`manage.py lift_order_numbers`: after a restore, no number is given again."""

from typing import Any

from django.core.management.base import BaseCommand

from applications.services import order_numbers


class Command(BaseCommand):
    """Part of restoring; see docs/backup.md."""

    help = "Raise the next order number above the highest in database, file and CA journal."

    def handle(self, *args: Any, **options: Any) -> None:
        """Lift it and say how far."""
        self.stdout.write(f"order numbers go on from {order_numbers.lift()}")
