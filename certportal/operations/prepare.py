"""Preparation by `./portal run` before it serves, in one process.

Run as `python -m certportal.operations.prepare`, with `--accounts` where each process has an
account of the database of its own.
"""

import io
import os
import sys

import django


def prepare(*, accounts: bool) -> None:
    """Migrate and let the accounts write; sample register if it is empty; print the test persons.

    A register with any records is not changed: a real export may have been imported.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import translation

    from accounts.register.models import RegisterRecord

    call_command("migrate", verbosity=0)
    if accounts:
        call_command("grant_roles", verbosity=0)
    if not settings.PRODUCTION and not RegisterRecord.objects.exists():
        call_command("import_register", sample=True, stdout=io.StringIO(), stderr=io.StringIO())
    if not settings.PRODUCTION:
        with translation.override("en"):
            call_command("demo_people")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    django.setup()
    prepare(accounts="--accounts" in sys.argv)
