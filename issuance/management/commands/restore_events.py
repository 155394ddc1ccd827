from typing import Any

from django.utils.translation import ngettext

from certportal.foundation.management.operators import OperatorCommand
from issuance import services


class Command(OperatorCommand):
    help = "Enter the events that the log has and a restored database lacks, before it is used."

    def handle(self, *args: Any, **options: Any) -> None:
        count = services.restore_events()
        message = ngettext(
            "%(count)s event was entered from the log.",
            "%(count)s events were entered from the log.",
            count,
        )
        self.stdout.write(message % {"count": count})
