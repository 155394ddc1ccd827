"""Encrypt second factors under the newest secret key, so that earlier keys can be taken away."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.services.people import sealed_factors
from certportal.foundation import clock
from certportal.foundation.actors import system
from certportal.foundation.management.operators import OperatorCommand


class Command(OperatorCommand):
    """Encrypts anew the secrets that are under a key of SECRET_KEY_FALLBACKS, and counts them."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="change nothing; fail if a secret is under an earlier key",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            sealed = sealed_factors.seal_anew(actor=system("seal_second_factors"), now=clock.now())
            self.stdout.write(_("Encrypted again: %(count)s") % {"count": sealed})
        found = sealed_factors.standing()
        self.stdout.write(_("Under the newest secret key: %(count)s") % {"count": found.newest})
        self.stdout.write(_("Under an earlier key: %(count)s") % {"count": found.earlier})
        if found.lost:
            self.stdout.write(_("Under none of the keys: %(count)s") % {"count": found.lost})
        if options["check"] and found.earlier:
            raise CommandError(_("SECRET_KEY_FALLBACKS is still needed."))
