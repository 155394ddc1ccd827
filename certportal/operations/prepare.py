"""Preparation by `./portal run` before it serves, in one process.

Run as `python -m certportal.operations.prepare`.
"""

import io
import os

import django


def prepare() -> None:
    """Migrate, import the sample into an empty register, and print the test persons.

    A register with any records is not changed: a real export may have been imported.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import translation

    from accounts.register.models import RegisterRecord

    call_command("migrate", verbosity=0)
    if not settings.PRODUCTION and not RegisterRecord.objects.exists():
        call_command("import_register", sample=True, stdout=io.StringIO(), stderr=io.StringIO())
    if not settings.PRODUCTION:
        with translation.override("en"):
            call_command("demo_people")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "certportal.settings")
    django.setup()
    prepare()
