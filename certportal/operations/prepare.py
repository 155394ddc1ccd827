"""Prepares the database for `./portal run`, in one process since starting Python takes seconds.

Run as `python -m certportal.operations.prepare`, with `--accounts` if each process has its own
account of the database.
"""

import io
import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured


def prepare(*, accounts: bool) -> None:
    """Migrate, grant the accounts' rights, import the sample register, print the test persons.

    The sample of a register is imported only if nothing was: a real export may have been, and a
    start that was killed may have imported one register of the two. Neither it nor the test persons
    are made in production. The font is made here, since what makes it would stay in the memory of
    web.
    """
    from django.conf import settings
    from django.contrib.staticfiles import finders
    from django.core.management import call_command
    from django.utils import translation

    from accounts.register.models import Kind, RegisterRun
    from accounts.register.source import files
    from certportal.foundation.web import fonts

    call_command("migrate", verbosity=0)
    if accounts:
        call_command("grant_roles", verbosity=0)
    if not settings.PRODUCTION:
        samples = {
            Kind.SOTE_UNIT: files.SAMPLE_UNITS,
            Kind.INTERMEDIARY: files.SAMPLE_INTERMEDIARIES,
        }
        done = RegisterRun.objects.filter(outcome=RegisterRun.Outcome.DONE)
        for kind, paths in samples.items():
            if not done.filter(kind=kind).exists():
                quiet = {"stdout": io.StringIO(), "stderr": io.StringIO()}
                call_command("import_register", *paths, **quiet)
        finders.find(fonts.SERVED_AS)
        with translation.override("en"):
            call_command("demo_people")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    try:
        django.setup()
        prepare(accounts="--accounts" in sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))  # a sentence for whoever set it
