"""``accept_register_run RUN --reason WHY``: accept a held import, so that the next one passes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _, ngettext

from accounts.register.mirror import imports
from accounts.register.models import RegisterRun
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    help = "Let the next import end as many units as the held run RUN would have ended."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=int)
        parser.add_argument("--reason", required=True, help="why so many units may end")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            run = imports.accept_held(
                options["run"],
                reason=options["reason"],
                actor=system("operator"),
                now=clock.now(),
            )
        except RegisterRun.DoesNotExist as error:
            raise CommandError(
                _("No import has the number %(number)s: take the one that the held import told.")
                % {"number": options["run"]}
            ) from error
        message = ngettext(
            "Accepted: %(count)s unit may end. Import again within %(days)s days.",
            "Accepted: %(count)s units may end. Import again within %(days)s days.",
            run.ended,
        )
        self.stdout.write(message % {"count": run.ended, "days": imports.ACCEPTANCE_LASTS.days})
